# Takes one job after the other from the cache.
trap 'exit 0' TERM
echo "worker waits for jobs"
while :; do
  job=$(redis-cli -h redis BRPOP jobs 1) && [ -n "$job" ] && echo "did $job"
done
