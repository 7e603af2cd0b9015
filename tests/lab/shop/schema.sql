-- What the api would read.
CREATE TABLE IF NOT EXISTS orders (id bigserial PRIMARY KEY, placed timestamptz NOT NULL DEFAULT now());
