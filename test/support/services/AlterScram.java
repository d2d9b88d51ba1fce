import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ScramCredentialInfo;
import org.apache.kafka.clients.admin.ScramMechanism;
import org.apache.kafka.clients.admin.UserScramCredentialAlteration;
import org.apache.kafka.clients.admin.UserScramCredentialUpsertion;

/** Gives users their SCRAM-SHA-512 passwords: BROKER USER PASSWORD [USER PASSWORD ...]. */
public class AlterScram {
  public static void main(String[] args) throws Exception {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", args[0]))) {
      List<UserScramCredentialAlteration> alterations = new ArrayList<>();
      for (int at = 1; at + 1 < args.length; at += 2) {
        alterations.add(new UserScramCredentialUpsertion(
            args[at], new ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096), args[at + 1]));
      }
      admin.alterUserScramCredentials(alterations).all().get();
    }
  }
}
