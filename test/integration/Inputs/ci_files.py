"""ci_files.py JUNIT SARIF: both are well-formed and hold what their formats require."""
import json
import sys
import xml.etree.ElementTree as ElementTree

junit, sarif = sys.argv[1:]

suites = ElementTree.parse(junit).getroot()
assert suites.tag == "testsuites", suites.tag
for suite in suites:
    assert suite.tag == "testsuite" and suite.get("name")
    cases = suite.findall("testcase")
    assert int(suite.get("tests")) == len(cases)
    for kind in ("failure", "error"):
        found = [case.find(kind) for case in cases if case.find(kind) is not None]
        assert int(suite.get(kind + "s")) == len(found), kind
        assert all(item.get("message") and item.text for item in found)
    assert all(case.get("name") and case.get("classname") for case in cases)
    for case in cases:
        for item in case:
            print(f"junit {item.tag}: {case.get('name')!r}")
            print(ascii(item.text))

log = json.load(open(sarif))
assert log["version"] == "2.1.0" and "sarif" in log["$schema"]
for run in log["runs"]:
    driver = run["tool"]["driver"]
    rules = [rule["id"] for rule in driver["rules"]]
    assert driver["name"] and len(set(rules)) == len(rules)
    for rule in driver["rules"]:
        assert rule["shortDescription"]["text"]
    for invocation in run["invocations"]:
        assert isinstance(invocation["executionSuccessful"], bool)
        for notification in invocation["toolExecutionNotifications"]:
            assert notification["message"]["text"]
    bases = run["originalUriBaseIds"]
    assert all(base["uri"].startswith("file:///") and base["uri"].endswith("/")
               for base in bases.values())

    def location_of(location):
        artifact = location["artifactLocation"]
        uri = artifact["uri"]
        assert uri and not set(uri) & set(" \\\"<>^`{|}"), uri
        if uri.startswith("/") or "://" in uri:
            assert uri.startswith("file:///") and "uriBaseId" not in artifact, uri
        else:
            assert artifact["uriBaseId"] in bases
        region = location.get("region", {"startLine": 1})
        assert region["startLine"] >= 1 and region.get("startColumn", 1) >= 1
        return f"{uri}:{region['startLine']}"

    for result in run["results"]:
        assert result["ruleId"] == rules[result["ruleIndex"]]
        assert result["level"] in ("none", "note", "warning", "error")
        assert result["message"]["text"]
        places = [location_of(place["physicalLocation"]) for place in result.get("locations", [])]
        for stack in result.get("stacks", []):
            for frame in stack["frames"]:
                assert frame["location"]["message"]["text"]
                if "physicalLocation" in frame["location"]:
                    location_of(frame["location"]["physicalLocation"])
        assert all(isinstance(text, str) for text in result["partialFingerprints"].values())
        print("sarif", result["ruleId"], *places)
