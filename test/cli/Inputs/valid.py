"""valid.py SCHEMA JSON: the JSON is what the schema says."""
import json
import sys

import jsonschema

schema, document = (json.load(open(path)) for path in sys.argv[1:])
jsonschema.Draft202012Validator(schema).validate(document)
