#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""test_leaves.py SMTPSCAN - the contents of files: archives as Python's modules read them, decompression bombs, documents, files
under --extract, and the options --header and --html.
"""
import base64
import gzip
import io
import lzma
import os
import resource
import struct
import subprocess
import tarfile
import unittest
import zipfile

from dialogue import envelope, file_part, message, session, zipped
from generate import make
from program import PROGRAM, Folder, records, run

BINARY = b"MZ\x90\0\3\0\0\0\4" + bytes(40)
# a text, a program and bill.pdf.js, packed by other programs
OTHERS = {
    "7z": "N3q8ryccAAO4J/+TrgAAAAAAAAAiAAAAAAAAABNixKUANBlJ7o3dClaN+zXN17JRgTEKdaAcgB8wBdZTsMb//1sYAAAAAIEzB64P0Es5PJ8/R0Fc9mccFgU19bJ2rWAO"
    "OcjedC2IcAxSf9TsIckAmSJrZ7uY73R6Gx9sMjLijcexPNshPvjiXszaUzKgzhlpYJdrT0K9Cq1SBOwX3eI+tifktQ2ka5jLM2+P3u6nPMBLr+5F1U/yWjSxptFjdoN5+Kcd"
    "xwlm2ho//ztGAAAXBiQBCYCKAAcLAQABIwMBAQVdAACAAAyA2woBB/To8wAA",
    "lha": "LAAtbGgwLQYAAAAGAAAAgACSZSACNFoABQAACTYNAAFyZWFkbWUudHh0AABoZWxsbwoqAC1saDAtDQAAAA0AAACAAJJlIAKLPQAFAACnNQsAAXRvb2wuZXhlAABN"
    "WpAAAwAAAARhYWFhLQAtbGgwLQkAAAAJAAAAgACSZSAC68gABQAApswOAAFiaWxsLnBkZi5qcwAAYWxlcnQoMSkKAA==",
    "xar": "eGFyIQAcAAEAAAAAAAACTgAAAAAAAAglAAAAAXic5ZXJbtswEEDv/QpBd1ncl4BRbv2C9NIbRQ5ttVoMiwmcfH0p2srSOgUSIKcAhDQbZ8jhA2lujkNf3MNh7qbxusQbVBYw"
    "usl34/a6/HH7vVLlTfPNHO2h+VaYOLn0K4w7gI1pRhW7ARqCiKgwroi4JfSKsiskTP06JE/agfs93w3FHB96uC7nncXl4inMFMIMsUGmPkvZOnePS3JTZ2FJUa85sha6HorO"
    "p2Wf04w2lUp1/QCbeIymzobsig97aJYJps5iNnbj5KHBGEuBUapz0rPLw33nYJwawRFhpn7Ss3dY4pBgyTE8Tbnr/LKD5Zf17Unfrrp7q1k/077WLqXcaxivEE7jFqGrPFLY"
    "8Bxm/xNmn8O8jTZLhelh3MZdg9Oiz+LJfm45ed39c/vFc/eTaUVjPUK73/edy+dcH6vtY7cv63OoPbhddw++unzsXGoVZGDOSq64VxwBWMHSOVgcJPUqKA/S0rSZvxOtaznG"
    "g3XxzQqBS+KpFsGCJkgIoiRmoSUOEAqSgGaBEK6Cqf/NdOpdvTbP1As5r5kjL5mL09Rv4AjvIg6Lr0KcvkwcZZeIw/STkNO6dYIG6zFxGjnUgmQKSaExYygo4jilhGr3ceQY"
    "bwFaH7ylPlXiQVPlrcQK68CklkEDEOfQB5GjL5Fru77f7H3Y/JrfRR35MtTJy9Rxeok6/UnQMZ0uGq0scjxdNswj3PJgqXRpOEqEACesROrj0EmqEaWOYStbjJhsW2EFJQy5"
    "FpavR4Jr6fx7oEvwLC+9qfO7/wcp7mCfKi2vFa0v4XSaonqg87RCrGmfWGp4nMtIzcnJ5wIACEsCH3ic842awMDMwMDAkggEABJXAsN4nEvMSS0q0TDU5AIAEBQCpXic5ZXJ"
    "btswEEDv/QpBd1ncl4BR",
    "cab": "TVNDRgAAAACgAAAAAAAAACwAAAAAAAAAAwEBAAMAAAAAAAAAfAAAAAEAAAAGAAAAAAAAAAAAel0CcyAAcmVhZG1lLnR4dAANAAAABgAAAAAAel0CcyAAdG9vbC5leGUA"
    "CQAAABMAAAAAAHpdAnMgAGJpbGwucGRmLmpzAK5aAEgcABwAaGVsbG8KTVqQAAMAAAAEYWFhYWFsZXJ0KDEpCg==",
}
ISO = (
    "/Td6WFoAAATm1rRGAgAhARwAAAAQz1jM5b//A3tdAABv/f//o7f/Rz5IFXI5YVG4kijmo4YH+e7kHoLTL8U6PAFLsX7JiopNL6MN2X+m44wjEVPgWRjFdYrid/dE790OjkefKuUN"
    "dUG7Q609LBi0BT3LYTAYxkCvjQhOM9Ey+IH8A42Qb0Y2D67d4cKrEhZJ+uoXhDyUYYGrNoJfOjJPDBqI9n/A90aci1AsOonLztNAkQ/AgjY0WS1UsBvf+XOANGeqmOFcNm9iGrGr"
    "QcdsrIJApeaxqHnH486O/fQ/VzgmQrVD2Qo4P2O7RnU3B3Jtzrxg7JzmEUA3HYbOoVaauMKvmKUbgZwUPFyxFRQEnC7BJVjLyZA6SGJkC4FSWtix68OkVo8Y4mzxfVsYd08g0LWr"
    "LmfD2EHO/+bVAofHF0Xwh/j8QFwT+8nL2UldYfMtl8XLc9wmfWiEuf0A9VHPNjBoODq2QEW+YrL0UuqVNJ8ua7/pnbsCG1J0xXaakY/SOKbWiOyNK/37t4S5Mr/60k6jYygR7fNW"
    "/YqeCMouyJBEY/WuurUUAxujm3ETB9IigpcrLnBnJlFQA512ELhFsAsTb1VXycO3vCQNBr0wIcHIqwNIrl9+Ogrlf9NYLGlw347jzMMtNrvgC8vSuGnKZq3m4QGZZB0mRoi18ckR"
    "KMRgQligweH4EjQzJFw0FuRQ6VEFCc+f4ass+R+h+bVEB7n+mC1JxjFwrxVfEzb/g3q6EGMl3JJfrPploHUHgjZIOUBjL21qRJq+Grs84dCYhwZchMKcaGirs2+KLz1G+g5Wzo0T"
    "T8XTMfQUbkPW8ovnMSFqfzVbVcHXx+xHOAQ7wbNoQwDqkeSD4wFXVxP9VFoK2ibuM7E+6VzdU9T9nBlv8aD4L7gwMZ+DNzvW4yLYVW4109ByCzP9B90R4gMBtN5XzAU/rNC3AYNM"
    "NjON1rESu/jHQoIhfUbs8dVIb83tX8h1pKXm7h7IJnrj1UMqokn5CsFYbVPNgO7lGXqE9JMiC9DP9QwfgAtgDmwrSD7WLigyS/oEZi/mDukMm0mqlroGSvM4A4cibsz2X7tgkc9F"
    "e+iS+B+ghhI2V288jCELOsV/74JB2lUd9txb2ejk+5As4msQP2LdYw0djzj2DXFqvSxtvLskNMmagiZvGOxfrA3SOTe5aNPKc1oN7gQJowkq7Kr/WiascgwWkqe+OY8k4XCepyM+"
    "ZRX18AAAdadh8a948PkAAZcHgIAXABsH+XixxGf7AgAAAAAEWVo="
)


def dialogue(lines):
    return session(envelope() + message(*lines))


def attached(name, data):
    return ["From: otto@client.example", "Subject: files", "MIME-Version: 1.0", *file_part('filename="%s"' % name, data)]


class Leaves(Folder):
    def run_mail(self, lines, *options):
        path = self.path("mail.pcap")
        make(dialogue(lines), path, self.folder)
        done = run("-j", "1", *options, path)
        return records(done.stdout), done

    def look(self, name, data):
        rows, done = self.run_mail(attached(name, data), "-e", "fileinfo,alert")
        self.assertEqual(done.returncode, 0, done.stderr)
        alerts = {row["alert"]["signature"]: row["alert"]["evidence"] for row in rows if row["event_type"] == "alert"}
        return [row["fileinfo"] for row in rows if row["event_type"] == "fileinfo"][0], alerts

    def entries(self, name, data, format, complete=True):
        file, alerts = self.look(name, data)
        archive = file["archive"]
        self.assertEqual((archive["format"], archive["complete"]), (format, complete), archive)
        return [(entry["name"], entry.get("size")) for entry in archive.get("entries", [])], alerts

    def test_a_zip_is_as_python_reads_it(self):
        for method in zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA:
            data = zipped([("a.txt", b"x" * 1000), ("f/", b""), ("f/gr\u00fc\u00dfe.txt", b"y"), ("empty", b"")], method)
            wanted = [(i.filename, i.file_size) for i in zipfile.ZipFile(io.BytesIO(data)).infolist()]
            self.assertEqual(self.entries("a.zip", data, "zip"), (wanted, {}))

    def test_names_in_code_page_437(self):
        data = zipped([("grXYe.txt", b"x")]).replace(b"XY", b"\x81\xe1")
        self.assertEqual(self.entries("a.zip", data, "zip")[0], [("gr\u00fc\u00dfe.txt", 1)])

    def test_a_tar_packed_or_not(self):
        for mode, name in ("w", "a.tar"), ("w:gz", "a.tgz"), ("w:bz2", "a.tar.bz2"), ("w:xz", "a.tar.xz"):
            out = io.BytesIO()
            with tarfile.open(fileobj=out, mode=mode) as archive:
                for entry, data in ("folder/read.me", b"text"), ("tool", BINARY):
                    info = tarfile.TarInfo(entry)
                    info.size = len(data)
                    archive.addfile(info, io.BytesIO(data))
            names, alerts = self.entries(name, out.getvalue(), "tar")
            self.assertEqual(names, [("folder/read.me", 4), ("tool", len(BINARY))])
            self.assertEqual(alerts, {"attachment_executable": name + "!tool"})

    def test_one_packed_file_has_the_name_of_the_outer(self):
        self.assertEqual(self.entries("run.js.gz", gzip.compress(b"x", mtime=0), "gzip"),
                         ([("run.js", 1)], {"attachment_executable": "run.js.gz!run.js"}))
        self.assertEqual(self.entries("run.xz", lzma.compress(BINARY), "xz"),
                         ([("run", len(BINARY))], {"attachment_executable": "run.xz!run"}))
        for preset in 6, 9:
            self.assertEqual(self.entries("run.lzma", lzma.compress(BINARY, lzma.FORMAT_ALONE, preset=preset), "lzma"),
                             ([("run", len(BINARY))], {"attachment_executable": "run.lzma!run"}))
        inner = io.BytesIO()
        with gzip.GzipFile("other.vbs", "wb", fileobj=inner, mtime=0) as packed:
            packed.write(b"x")
        self.assertEqual(self.entries("plan.gz", inner.getvalue(), "gzip")[0], [("other.vbs", 1)])

    def test_what_other_programs_packed(self):
        wanted = [("readme.txt", 6), ("tool.exe", 13), ("bill.pdf.js", 9)]
        for format, data in list(OTHERS.items()) + [("iso", None)]:
            data = base64.b64decode(data) if data else lzma.decompress(base64.b64decode(ISO))
            names, alerts = self.entries("a." + format, data, format)
            self.assertEqual(names, wanted)
            self.assertEqual(alerts, {"attachment_executable": "a.%s!tool.exe" % format,
                                      "attachment_double_extension": "a.%s!bill.pdf.js" % format})

    def test_packages_of_other_systems(self):
        files = [("debian-binary", b"2.0\n"), ("/", b"index"), ("data.tar.gz", gzip.compress(b"x", mtime=0)), ("tool", BINARY)]
        package = b"!<arch>\n" + b"".join(b"%-16s%-12d%-6d%-6d%-8o%-10d`\n%s%s" % (
            name.encode(), 0, 0, 0, 0o644, len(data), data, b"\n"[:len(data) % 2]) for name, data in files)
        names, alerts = self.entries("a.ar", package, "ar")
        self.assertEqual([name for name, size in names], ["debian-binary", "data.tar.gz", "tool", "data.tar.gz!data.tar"])
        self.assertEqual(alerts, {"attachment_executable": "a.ar!tool"})
        cpio = b""
        for name, data in (".", b""), ("bin/tool", BINARY), ("TRAILER!!!", b""):
            head = b"070701" + b"%08X" * 13 % (1, 0o100644, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0) + name.encode() + b"\0"
            cpio += head + bytes(-len(head) % 4) + data + bytes(-len(data) % 4)
        rpm = b"\xed\xab\xee\xdb\3" + bytes(91) + (b"\x8e\xad\xe8\1" + bytes(12)) * 2
        for name, data, format in (("a.cpio", cpio, "cpio"), ("a.cpio.gz", gzip.compress(cpio, mtime=0), "gzip"),
                                   ("a.dat", rpm + gzip.compress(cpio, mtime=0), "rpm")):
            names, alerts = self.entries(name, data, format)
            self.assertEqual(names, [("bin/tool", len(BINARY))])
            self.assertEqual(alerts, {"attachment_executable": name + "!bin/tool"})
        names, alerts = self.entries("no.rpm", rpm[:4] + bytes(92), "rpm", complete=False)
        self.assertLess(len(names), 2)

    def test_rar(self):
        four = "UmFyIRoHAM+QcwAADQAAAAAAAABWyHQAgCEABQAAAAUAAAADhqYQNgAAAAAdMAEApIEAAGFoZWxsb8Q9ewBABwA="
        five = "UmFyIRoHAQDFGjMyAwEAAJvztfEQAgIFBAWkgwKGphA2AAEBYWhlbGxvGbI6NQMFAAA="
        end = "HXdWUQMFBAA="  # the end of a RAR 5 archive
        for data in base64.b64decode(four), base64.b64decode(five)[:-3] + base64.b64decode(end):
            names, alerts = self.entries("a.rar", data, "rar", complete=self.look("a.rar", data)[0]["archive"]["complete"])
            self.assertEqual(names, [("a", 5)])
        for cut in 6, 14:  # in the content, and in the header of the file
            self.assertFalse(self.look("a.rar", base64.b64decode(five)[:-cut])[0]["archive"]["complete"])

    def test_a_file_of_another_kind_is_no_zip(self):
        self.assertNotIn("archive", self.look("a.pdf", b"%PDF-1.4\n" + zipped([("a.exe", b"x")]))[0])
        self.assertNotIn("archive", self.look("a.txt", b"text" + zipped([("a.exe", b"x")]))[0])

    def test_a_zip_before_a_zip(self):
        """Programs differ in which of the two they open."""
        front, behind = zipped([("tool.exe", BINARY)]), zipped([("b.txt", b"x"), ("c.txt", b"y")])
        names, alerts = self.entries("a.zip", front + behind, "zip")
        self.assertEqual(names, [("b.txt", 1), ("c.txt", 1), ("tool.exe", len(BINARY))])
        self.assertEqual(alerts, {"attachment_executable": "a.zip!tool.exe"})

    def test_what_the_directory_of_a_zip_does_not_show(self):
        """Programs differ in whether they go by the directory or by the headers before the files."""
        first, second = zipped([("tool.exe", BINARY)]), zipped([("b.txt", b"x"), ("c.txt", b"y")])
        front = first[:first.index(b"PK\1\2")]
        end = second.rindex(b"PK\5\6")
        start = second.index(b"PK\1\2")
        entries = second[start:end].split(b"PK\1\2")[1:]
        moved = b"".join(b"PK\1\2" + e[:38] + struct.pack("<I", struct.unpack_from("<I", e, 38)[0] + len(front)) + e[42:] for e in entries)
        hidden = front + second[:start] + moved + second[end:end + 16] + struct.pack("<I", len(front) + start) + second[end + 20:]
        self.assertEqual(zipfile.ZipFile(io.BytesIO(hidden)).namelist(), ["b.txt", "c.txt"])
        names, alerts = self.entries("a.zip", hidden, "zip")
        self.assertEqual(names, [("b.txt", 1), ("c.txt", 1), ("tool.exe", len(BINARY))])
        self.assertEqual(alerts, {"attachment_executable": "a.zip!tool.exe"})
        last = zipped([("a.txt", b"xyz"), ("b.js", b"y")], zipfile.ZIP_STORED)
        at = last.rindex(b"b.js")
        for data, listed in (last[:at] + b"b.md" + last[at + 4:], "b.js"), (last[:last.index(b"b.js")] + b"b.md" + last[last.index(b"b.js") + 4:], "b.md"):
            names, alerts = self.entries("a.zip", data, "zip")
            self.assertEqual(names, [("a.txt", 3), (listed, 1), ("b.md" if listed == "b.js" else "b.js", 1)])
            self.assertEqual(alerts, {"attachment_executable": "a.zip!b.js"})
        inner = zipped([("in.zip", zipped([("x.txt", b"x")]))], zipfile.ZIP_STORED)
        self.assertEqual(self.entries("a.zip", inner, "zip")[0], [("in.zip", 111), ("in.zip!x.txt", 1)])

    def test_a_text_is_no_lha(self):
        self.assertNotIn("archive", self.look("a.txt", b"ab-lh5-cdefghijklmnopqrstuvwxyz")[0])

    def test_entries_raise_what_attachments_raise(self):
        data = zipped([("in/../../up.txt", b"x"), ("/top.txt", b"x"), ("C:\\x.txt", b"x"), ("a..b/c..txt", b"x"),
                       ("an\u202ecod.txt", b"x"), ("photo.jpg", BINARY), ("run.txt", b"#!/bin/sh\n")])
        names, alerts = self.entries("a.zip", data, "zip")
        self.assertEqual(alerts, {"filename_traversal": "a.zip!in/../../up.txt", "attachment_executable": "a.zip!photo.jpg",
                                  "filename_bidi": "a.zip!an\\xe2\\x80\\xaecod.txt",
                                  "attachment_type_mismatch": "a.zip!photo.jpg"})

    def test_alerts_need_no_record_of_the_file(self):
        lines = attached("a.zip", zipped([("tool.exe", BINARY)]))
        alone, both = (self.run_mail(lines, "-e", events)[0] for events in ("alert", "alert,fileinfo"))
        self.assertTrue(alone)
        self.assertEqual(alone, [row for row in both if row["event_type"] == "alert"])

    def test_archives_in_archives_to_a_depth_of_five(self):
        archive, names = zipped([("x.exe", BINARY)]), ["x.exe"]
        for depth in range(2, 6):
            archive = zipped([("%d.zip" % depth, archive)])
            names = ["%d.zip" % depth] + ["%d.zip!%s" % (depth, name) for name in names]
            found, alerts = self.entries("a.zip", archive, "zip")
            self.assertEqual([name for name, size in found], names)
            self.assertEqual(alerts, {"attachment_executable": "a.zip!" + names[-1]})
        found, alerts = self.entries("a.zip", zipped([("6.zip", archive)]), "zip", complete=False)
        self.assertEqual([name for name, size in found], ["6.zip"] + ["6.zip!" + name for name in names[:-1]])
        packed = zipped([("in.tar.gz", gzip.compress(b"no tar"))])
        self.assertEqual(self.entries("a.zip", packed, "zip")[0][1], ("in.tar.gz!in.tar", 6))

    def test_bombs_are_looked_at_in_bounds(self):
        deep = zipped([("b%d" % i, bytes(10_000_000)) for i in range(8)] + [("in.zip", zipped([("c", bytes(20_000_000))])), ("z.exe", b"")])
        many = zipped([("%d.js" % i, b"") for i in range(3000)], zipfile.ZIP_STORED)
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w:xz") as archive:
            for i in range(4):
                info = tarfile.TarInfo("t%d" % i)
                info.size = 10_000_000
                archive.addfile(info, io.BytesIO(bytes(info.size)))
        names, alerts = self.entries("deep.zip", deep, "zip")
        self.assertEqual(len(names), 11)
        self.assertEqual(alerts, {"attachment_executable": "deep.zip!z.exe"})
        names, alerts = self.entries("many.zip", many, "zip", complete=False)
        self.assertEqual(len(names), 1000)
        names, alerts = self.entries("t.tar.xz", out.getvalue(), "tar", complete=False)
        self.assertEqual(names[0][0], "t0")
        names, alerts = self.entries("zeros.gz", gzip.compress(bytes(50_000_000)), "gzip", complete=False)
        self.assertEqual(names, [("zeros", None)])
        self.assertLess(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, 400_000)  # KiB, with sanitizers

    def test_a_large_archive_is_kept_in_a_file(self):
        data = zipped([("noise", os.urandom(700_000)), ("last.exe", BINARY)], zipfile.ZIP_STORED)
        self.assertEqual(self.entries("a.zip", data, "zip"),
                         ([("noise", 700_000), ("last.exe", len(BINARY))], {"attachment_executable": "a.zip!last.exe"}))

    def test_damaged_archives(self):
        data = zipped([("one.txt", b"x" * 10), ("two.exe", b"y" * 10)], zipfile.ZIP_STORED)
        names, alerts = self.entries("a.zip", data[:-30], "zip", complete=False)
        self.assertEqual(names, [("one.txt", 10), ("two.exe", 10)])
        names, alerts = self.entries("a.zip", b"a text ahead of it " * 20 + data, "zip")
        self.assertEqual(names, [("one.txt", 10), ("two.exe", 10)])
        self.assertNotIn("archive", self.look("a.zip", b"no zip at all")[0])
        self.assertNotIn("archive", self.look("a.iso", b"no image at all" + bytes(40000))[0])
        self.assertEqual(self.entries("a.zip", b"PK\5\6" + bytes(18), "zip", complete=self.look("a.zip", b"PK\5\6" + bytes(18))[0]["archive"]["complete"])[0], [])

    def test_macros_of_documents(self):
        parts = [("[Content_Types].xml", b"<x/>"), ("word/document.xml", b"<x/>")]
        self.assertIs(self.look("a.docx", zipped(parts))[0]["has_macros"], False)
        self.assertIs(self.look("a.docm", zipped(parts + [("word/vbaProject.bin", b"x")]))[0]["has_macros"], True)
        self.assertIs(self.look("a.xlsx", zipped(parts[:1] + [("xl/macrosheets/sheet1.xml", b"x")]))[0]["has_macros"], True)
        open_document = [("mimetype", b"application/vnd.oasis.opendocument.text"), ("META-INF/manifest.xml", b"x")]
        self.assertIs(self.look("a.odt", zipped(open_document))[0]["has_macros"], False)
        self.assertIs(self.look("a.odt", zipped(open_document + [("Basic/Standard/M.xml", b"x")]))[0]["has_macros"], True)
        self.assertNotIn("has_macros", self.look("a.zip", zipped([("vbaProject.bin", b"x")]))[0])

    def test_extensions_of_documents(self):
        out = self.path("out")
        word = [("[Content_Types].xml", b"<x/>"), ("word/document.xml", b"<x/>")]
        for data, extension in ((zipped(word), ".docx"), (zipped(word + [("word/vbaProject.bin", b"x")]), ".docm"),
                                (zipped([("xl/workbook.xml", b"x")]), ".xlsx"), (zipped([("x", b"x")]), ".zip"),
                                (zipped([("mimetype", b"application/vnd.oasis.opendocument.spreadsheet")]), ".ods")):
            rows, done = self.run_mail(attached("a.gif", data), "--extract", out, "-e", "fileinfo")
            self.assertEqual(os.path.splitext(rows[0]["fileinfo"]["path"])[1], extension)

    def test_a_full_disk_stops_extraction_and_nothing_else(self):
        path, out = self.path("mail.pcap"), self.path("out")
        make("@\n".join([dialogue(attached("a.bin", bytes(100_000)))] * 2), path, self.folder)
        os.mkdir(out)
        script = 'mount -t tmpfs -o size=64k none "$2" && "$1" -j 1 --extract "$2" -e smtp "$3"; status=$?; ls -A "$2" | wc -l >&2; exit $status'
        done = subprocess.run(["unshare", "-rm", "sh", "-c", script, "sh", PROGRAM, out, path], capture_output=True, text=True)
        if "unshare" in done.stderr or "mount" in done.stderr:
            self.skipTest("no file system of one's own: " + done.stderr)
        lines = done.stderr.splitlines()
        self.assertEqual((done.returncode, len(done.stdout.splitlines())), (4, 2), done.stderr)
        self.assertEqual(len(lines), 2, lines)
        self.assertIn("nothing more is extracted", lines[0])

    def test_header_fields_on_request(self):
        lines = ["From: otto@client.example", "X-Score: 5", "x-score: =?utf-8?q?f=C3=BCnf?=", "Subject: s", "", "text"]
        rows, done = self.run_mail(lines, "-e", "smtp", "--header", "X-Score,List-Id,x-score", "--header", "subject")
        self.assertEqual(rows[0]["email"]["headers"], {"X-Score": ["5", "f\u00fcnf"], "subject": ["s"]})
        rows, done = self.run_mail(lines, "-e", "smtp")
        self.assertNotIn("headers", rows[0]["email"])
        self.assertEqual(self.run_mail(lines, "--header", ",")[1].returncode, 2)

    def test_html_on_request(self):
        lines = ["From: otto@client.example", "Content-Type: text/html", "", "<p>a &amp; b</p>"]
        email = self.run_mail(lines, "-e", "smtp")[0][0]["email"]
        self.assertEqual((email["body"], email["body_type"], email.get("html")), ("a & b", "text/html", None))
        email = self.run_mail(lines, "-e", "smtp", "--html")[0][0]["email"]
        self.assertEqual((email["body"], email["html"]), ("a & b", "<p>a &amp; b</p>\n"))


if __name__ == "__main__":
    unittest.main()
