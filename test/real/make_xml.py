#!/usr/bin/env python3
"""Print a catalogue in XML, the same each time, in an encoding that takes the C library's iconv."""

import random
import sys

random.seed(1)
words = ["赤", "green", "大きい", "日本語", "x" * 40, "&amp;c", "&shop;"]
text = """<?xml version="1.0" encoding="EUC-JP"?>
<!DOCTYPE catalog [
<!ELEMENT catalog (item*)>
<!ELEMENT item (name, price, note*)>
<!ATTLIST item id ID #REQUIRED ref IDREF #IMPLIED>
<!ELEMENT name (#PCDATA)>
<!ELEMENT price (#PCDATA)>
<!ELEMENT note (#PCDATA)>
<!ENTITY shop "the <![CDATA[shop & more]]>">
]>
<catalog>
"""
for number in range(1500):
    notes = "".join(f"<note>{' '.join(random.sample(words, random.randrange(1, 5)))}</note>"
                    for _ in range(random.randrange(4)))
    text += (f'<item id="i{number}" ref="i{random.randrange(1500)}"><name>{random.choice(words)}'
             f"</name><price>{random.random() * 100:.2f}</price>{notes}</item>\n")
sys.stdout.buffer.write((text + "</catalog>\n").encode("euc-jp"))
