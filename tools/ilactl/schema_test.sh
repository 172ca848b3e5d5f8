#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The schema: is one, takes what may be written, and refuses what may not.

cd "$(dirname "$0")" || exit
exec python3 - <<'X'
import json, sys
import jsonschema

schema = json.load(open("ilactl.schema.json"))
Validator = jsonschema.Draft202012Validator
Validator.check_schema(schema)

def valid(verb, document):
    return Validator({"$defs": schema["$defs"],
                      "$ref": "#/$defs/" + verb}).is_valid(document)

bad = 0
for want, documents in json.load(open("schema_test.json")).items():
    for verb, each in documents.items():
        for document in each:
            if valid(verb, document) != (want == "yes"):
                print(verb, json.dumps(document), "want", want)
                bad += 1
sys.exit(bad > 0)
X
