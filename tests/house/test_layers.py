#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""test_layers.py - checks that layers.py finds each kind of fault, in a small source tree made for it."""
import os
import subprocess
import sys
import tempfile
import unittest

LAYERS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "layers.py")
HOUSE = {
    "include/types.h": "int word(void);\n",
    "include/capture.h": '#include "types.h"\nint capture(void);\n',
    "include/mail.h": "int mail(void);\n",
    "src/main.c": "int main(void) { return 0; }\n",
    "src/base/word.c": '#include "types.h"\nint word(void) { return 1; }\n',
    "src/capture/capture.c": '#include "capture.h"\n#include "list.h"\nint capture(void) { return word() + list(); }\n',
    "src/capture/list.c": '#include "list.h"\n#include "types.h"\nint list(void) { return word(); }\n',
    "src/capture/list.h": "int list(void);\n",
    "src/mail/mail.c": '#include "mail.h"\n#include "capture.h"\nint mail(void) { return capture(); }\n',
}


class Faults(unittest.TestCase):
    def faults(self, **changes):
        """faults - what layers.py prints for the tree with these files replaced, without its last line."""
        house = dict(HOUSE, **{name.replace("__", "/").replace("_dot_", "."): text for name, text in changes.items()})
        with tempfile.TemporaryDirectory() as root:
            objects = []
            for name, text in house.items():
                path = os.path.join(root, name)
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with open(path, "w", encoding="utf-8") as file:
                    file.write(text)
            for name in house:
                stage_file = name[len("src/"):].replace("/", "_")
                if name.endswith(".c") and "_" in stage_file:
                    objects.append(os.path.join(root, stage_file + ".o"))
                    subprocess.run(["cc", "-w", "-I", root + "/include", "-c", os.path.join(root, name), "-o", objects[-1]], check=True)
            archive = os.path.join(root, "libcore.a")
            subprocess.run(["ar", "rcs", archive] + objects, check=True)
            result = subprocess.run([sys.executable, LAYERS, root, archive], stdout=subprocess.PIPE, text=True)
            lines = result.stdout.splitlines()[:-1]
            self.assertEqual(result.returncode, 1 if lines else 0, result.stdout)
            return lines

    def test_none(self):
        self.assertEqual(self.faults(), [])

    def test_flat_source(self):
        self.assertEqual(self.faults(src__odd_dot_c="int odd;\n"), ["src/odd.c: belongs into the folder of a stage"])

    def test_header_of_a_later_stage(self):
        for name in ("src__capture__list_dot_c", "src__capture__list_dot_h", "include__capture_dot_h"):
            path = name.replace("__", "/").replace("_dot_", ".")
            [fault] = self.faults(**{name: HOUSE[path] + '#include "mail.h"\n'})
            self.assertEqual(fault, path + ": mail.h: of a later stage (mail)")

    def test_name_in_two_files(self):
        text = "struct %s {\n\tint member;\n};\nstatic __attribute__((unused)) int\n%s(int a,\n\tint b)\n{\n\treturn 0;\n}\n"
        used = "int use(void)\n{\n\tstruct found *found = 0;\n\treturn find(1, 2) + !found;\n}\n"
        both = " defined in src/capture/list.c and src/mail/"
        for name, content, faults in (
            ("part_dot_c", text % ("other", "find"), ["find:" + both + "part.c"]),
            ("part_dot_c", text % ("found", "other"), ["struct found:" + both + "part.c"]),
            ("part_dot_h", "static inline int find(void) { return 1; }\n", ["find:" + both + "part.h"]),
            ("part_dot_c", used, []),
            ("none_dot_c", text % ("found", "find"), []),
        ):
            changes = {"src__mail__" + name: content, "src__capture__list_dot_c": HOUSE["src/capture/list.c"] + text % ("found", "find")}
            self.assertEqual(self.faults(**changes), faults)

    def test_private_header_of_another_folder(self):
        [fault] = self.faults(src__mail__mail_dot_c='#include "../capture/list.h"\n' + HOUSE["src/mail/mail.c"])
        self.assertEqual(fault, "src/mail/mail.c: ../capture/list.h: neither of its folder nor in include/")

    def test_header_of_no_stage(self):
        self.assertEqual(self.faults(include__odd_dot_h="int odd;\n"), ["include/odd.h: of no stage"])

    def test_library_outside_its_room(self):
        [fault] = self.faults(src__mail__mail_dot_c=HOUSE["src/mail/mail.c"] + "#include <zlib.h>\n")
        self.assertEqual(fault, "src/mail/mail.c: zlib.h: this library is not for its stage")
        self.assertEqual(self.faults(src__capture__list_dot_c=HOUSE["src/capture/list.c"] + "#include <zlib.h>\n"), [])

    def test_hash_without_a_seed(self):
        for text in ("g_hash_table_new(g_str_hash, 0)", "g_hash_table_new_full(NULL, 0, 0, 0)"):
            [fault] = self.faults(src__base__word_dot_c=HOUSE["src/base/word.c"] + "/* " + text + " */\n")
            self.assertIn("src/base/word.c: a hash without a seed (hash.h): g_", fault)

    def test_call_to_a_later_stage(self):
        text = HOUSE["src/base/word.c"].replace("return 1", "return list()")
        faults = self.faults(src__base__word_dot_c="int list(void);\n" + text)
        self.assertIn("base/word calls a later stage: capture/list: list", faults)

    def test_circle(self):
        [fault] = self.faults(src__capture__list_dot_c="int capture(void);\nint list(void) { return capture(); }\n")
        self.assertEqual(fault, "these call each other in a circle: capture/capture capture/list")


if __name__ == "__main__":
    unittest.main()
