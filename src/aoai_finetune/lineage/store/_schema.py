"""The tables of a lineage file, as numbered migrations.

Rows, steps, versions, answers, comparisons, promotions and tags are only ever added. Three tables change: `intent`, because
a submission moves and its lease is renewed, `deployment`, because it goes again, and `learned` with `visit`, because
a user may name facts better later.
"""

from __future__ import annotations

__all__ = ["APPLICATION_ID", "MIGRATIONS"]

APPLICATION_ID = 0x414F4654
"""Marks the file as ours ("AOFT"), so that somebody else's database is never written to."""

_FIRST = """
CREATE TABLE example (
  id INTEGER PRIMARY KEY,
  digest TEXT NOT NULL UNIQUE,            -- SHA-256 of the canonical row
  body BLOB NOT NULL                      -- the canonical row, stored once however often it is trained
);
CREATE TABLE resource (
  id TEXT PRIMARY KEY,                    -- endpoint host and account, or mock:<id>
  provider TEXT NOT NULL,
  engine TEXT                             -- the simulated learner, NULL on a real service
);
CREATE TABLE step (
  id TEXT PRIMARY KEY,
  seq INTEGER NOT NULL UNIQUE,            -- order in which steps were asked for
  key TEXT NOT NULL,                      -- names the purchase
  run INTEGER NOT NULL,                   -- 0, and one more for every again=True
  resource TEXT NOT NULL REFERENCES resource,
  parent TEXT,                            -- version that is succeeded, NULL for a first fine-tune
  base_model TEXT NOT NULL,
  model TEXT NOT NULL,                    -- what the first part starts from
  from_base INTEGER NOT NULL,
  strategy TEXT NOT NULL,
  detail TEXT NOT NULL,
  suffix TEXT,
  seed INTEGER,
  training_type TEXT,
  tokens INTEGER,                         -- planned bill, NULL where the service decides the epochs
  created_at REAL NOT NULL,
  UNIQUE (key, run)
);
CREATE TABLE learned (                    -- the new rows of a step, in order
  step TEXT NOT NULL REFERENCES step,
  position INTEGER NOT NULL,
  example INTEGER NOT NULL REFERENCES example,
  fact TEXT NOT NULL,
  PRIMARY KEY (step, position)
) WITHOUT ROWID;
CREATE TABLE visit (                      -- how often a step trains each fact
  step TEXT NOT NULL REFERENCES step,
  fact TEXT NOT NULL,
  visits INTEGER NOT NULL,
  PRIMARY KEY (step, fact)
) WITHOUT ROWID;
CREATE TABLE part (
  step TEXT NOT NULL REFERENCES step,
  number INTEGER NOT NULL,
  method TEXT NOT NULL,                   -- JSON
  PRIMARY KEY (step, number)
) WITHOUT ROWID;
CREATE TABLE part_row (                   -- the files as they were planned
  step TEXT NOT NULL REFERENCES step,
  part INTEGER NOT NULL,
  role TEXT NOT NULL,                     -- training | validation
  position INTEGER NOT NULL,
  example INTEGER NOT NULL REFERENCES example,
  PRIMARY KEY (step, part, role, position)
) WITHOUT ROWID;
CREATE TABLE intent (
  id TEXT PRIMARY KEY,
  seq INTEGER NOT NULL UNIQUE,
  key TEXT NOT NULL,
  step TEXT NOT NULL REFERENCES step,
  part INTEGER NOT NULL,
  model TEXT NOT NULL,
  owner TEXT NOT NULL,
  lease_until REAL NOT NULL,
  state TEXT NOT NULL,
  file_id TEXT,
  validation_file_id TEXT,
  sent_at REAL,
  job_id TEXT,
  job TEXT,                               -- JSON, the job as last seen
  reason TEXT NOT NULL DEFAULT ''
);
CREATE INDEX intent_by_step ON intent (step, part);
CREATE INDEX intent_by_job ON intent (job_id);
CREATE TABLE version (
  id TEXT PRIMARY KEY,
  seq INTEGER NOT NULL UNIQUE,
  step TEXT NOT NULL UNIQUE REFERENCES step,
  model TEXT NOT NULL,
  job_id TEXT NOT NULL,
  created_at REAL NOT NULL
);
CREATE INDEX version_by_model ON version (model);
CREATE TABLE answer (
  resource TEXT NOT NULL,
  model TEXT NOT NULL,
  prompt TEXT NOT NULL,                   -- SHA-256 of the canonical messages
  sampling TEXT NOT NULL,                 -- canonical JSON
  content TEXT NOT NULL,
  finish_reason TEXT NOT NULL,
  created_at REAL NOT NULL,
  PRIMARY KEY (resource, model, prompt, sampling)
) WITHOUT ROWID;
CREATE TABLE comparison (
  id INTEGER PRIMARY KEY,
  champion TEXT NOT NULL,                 -- version id, or a catalogue model
  challenger TEXT NOT NULL,
  probes TEXT NOT NULL,                   -- fingerprint of the probe set
  verdict TEXT NOT NULL,
  body TEXT NOT NULL,                     -- JSON, from which the verdict can be replayed
  created_at REAL NOT NULL
);
CREATE TABLE promotion (                  -- an alias points to the version of its last promotion
  id INTEGER PRIMARY KEY,
  alias TEXT NOT NULL,
  version TEXT NOT NULL REFERENCES version,
  because TEXT,                           -- why, where no comparison said promote
  comparison INTEGER REFERENCES comparison,
  created_at REAL NOT NULL
);
CREATE INDEX promotion_by_alias ON promotion (alias);
CREATE TABLE deployment (                 -- what deployed(...) makes, written before it is created
  id INTEGER PRIMARY KEY,
  resource TEXT NOT NULL,
  account TEXT NOT NULL,                  -- where it was made, empty where that is the resource
  name TEXT NOT NULL,
  version TEXT NOT NULL REFERENCES version,
  tier TEXT NOT NULL,
  state TEXT NOT NULL,                    -- asked | made | removed
  owner TEXT NOT NULL,                    -- whose block it is in, empty when it was left behind
  lease_until REAL NOT NULL,              -- renewed while the block is open, for those on other machines
  created_at REAL NOT NULL
);
"""

_TAGS = """
CREATE TABLE tag (                        -- a version has the tags whose last row says so
  id INTEGER PRIMARY KEY,
  version TEXT NOT NULL REFERENCES version,
  tag TEXT NOT NULL,
  present INTEGER NOT NULL,               -- 0 takes it away again
  created_at REAL NOT NULL
);
"""

MIGRATIONS: tuple[str, ...] = (_FIRST, _TAGS)
"""In order; `PRAGMA user_version` counts those applied. Those of a release are never edited."""
