#!/bin/sh
# Outlives the test process by a moment: reads "born PID" and "died PID" lines until the pipe from that process closes
# (it ended, was interrupted or killed with -9), then kills every server that it left behind.
trap '' HUP INT TERM
left=' '
while read -r verb pid; do
  case $verb in
    born) left="$left$pid " ;;
    died) case $left in *" $pid "*) left="${left%%" $pid "*} ${left#*" $pid "}" ;; esac ;;
  esac
done
for pid in $left; do kill -9 "$pid" 2>/dev/null; done
exit 0
