# How full the volume is, in percent, once a minute: a line of CloudWatch's embedded metric format.
# NAMESPACE, ENVIRONMENT_NAME; PLACE: where the volume is; PAUSE_SECONDS between two lines
trap 'exit 0' TERM INT
while :; do
  read -r used size < <(df --output=used,size -k "${PLACE:?}" | tail -n 1)
  printf '{"_aws":{"Timestamp":%s,"CloudWatchMetrics":[{"Namespace":"%s","Dimensions":[["service","environment"]],"Metrics":[{"Name":"disk_used","Unit":"Percent"}]}]},"service":"qdrant","environment":"%s","disk_used":%s}\n' \
    "$(date +%s%3N)" "${NAMESPACE:?}" "${ENVIRONMENT_NAME:?}" "$((used * 100 / size))"
  # In the background, so that a signal does not wait for it.
  sleep "${PAUSE_SECONDS:-60}" &
  wait $!
done
