# A cluster of its own on the volume, made at the first start.
set -e
data=/var/lib/postgresql/shop
[ -s "$data/PG_VERSION" ] || {
  initdb --pgdata "$data" --username shop --auth trust --no-sync >/dev/null
  echo "host all all all trust" >>"$data/pg_hba.conf"
}
exec postgres -D "$data" -c listen_addresses='*' -c unix_socket_directories=/tmp -c fsync=off
