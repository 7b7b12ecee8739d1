-- The terms of the best services only. A search for something frequent looks among them, and the whole catalogue's lists are long.
CREATE INDEX search_entries_terms_of_best64 ON search_entries USING gin (terms) WITH (fastupdate = off) WHERE tier <= 0;
CREATE INDEX search_entries_terms_of_best16 ON search_entries USING gin (terms) WITH (fastupdate = off) WHERE tier <= 1;
CREATE INDEX search_entries_terms_of_best4 ON search_entries USING gin (terms) WITH (fastupdate = off) WHERE tier <= 2;
