#!/bin/sh
# Postgres runs this once, when it makes its folder (compose.yaml): the hub's role owns the hub's database and may do nothing else.
set -eu
psql --quiet --no-psqlrc --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres --set password="$HUB_DATABASE_PASSWORD" <<'SQL'
CREATE ROLE hub LOGIN PASSWORD :'password';
CREATE DATABASE hub OWNER hub;
SQL
