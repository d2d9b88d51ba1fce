import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.strimzi.api.kafka.model.topic.KafkaTopic;
import io.strimzi.api.kafka.model.user.KafkaUser;
import java.lang.reflect.Method;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/** Reads a JSON array of Strimzi's resources with Strimzi's own classes and prints each field that they do not know. */
class ReadStrictly {
  private static final Map<String, Class<?>> KINDS = Map.of("KafkaTopic", KafkaTopic.class, "KafkaUser", KafkaUser.class);

  public static void main(String[] arguments) throws Exception {
    ObjectMapper mapper = new ObjectMapper();
    Set<String> problems = new LinkedHashSet<>();
    for (JsonNode resource : mapper.readTree(System.in)) {
      String name = resource.at("/kind").asText() + " " + resource.at("/metadata/name").asText();
      try {
        Object read = mapper.treeToValue(resource, KINDS.get(resource.at("/kind").asText()));
        look(read, name, problems);
        compare(resource.at("/spec"), mapper.valueToTree(read).at("/spec"), name, problems);
      } catch (com.fasterxml.jackson.core.JsonProcessingException wrong) {
        problems.add(name + ": " + wrong.getOriginalMessage());
      }
    }
    problems.forEach(System.out::println);
  }

  /** Strimzi's classes keep what they do not know: nothing may be kept. */
  private static void look(Object value, String at, Set<String> problems) throws Exception {
    if (value instanceof Collection<?> items) {
      for (Object item : items) look(item, at, problems);
    }
    if (value == null || !value.getClass().getPackageName().startsWith("io.strimzi")) return;
    for (Method method : value.getClass().getMethods()) {
      if (method.getParameterCount() != 0 || !method.getName().startsWith("get") || method.getName().equals("getClass")) continue;
      Object inner = method.invoke(value);
      if (method.getName().equals("getAdditionalProperties")) {
        for (Object unknown : ((Map<?, ?>) inner).keySet()) problems.add(at + ": unknown field " + unknown);
      } else if (!(value instanceof Enum)) {
        look(inner, at + "." + method.getName().substring(3), problems);
      }
    }
  }

  /** A value that its class has no word for is dropped when it is read. */
  private static void compare(JsonNode said, JsonNode kept, String at, Set<String> problems) {
    if (said.isContainerNode()) {
      said.properties().forEach(field -> compare(field.getValue(), kept.path(field.getKey()), at + "." + field.getKey(), problems));
      for (int index = 0; said.isArray() && index < said.size(); index++) {
        compare(said.get(index), kept.path(index), at + "." + index, problems);
      }
    } else if (!said.asText().equals(kept.asText())) {
      problems.add(at + ": cannot be " + said);
    }
  }
}
