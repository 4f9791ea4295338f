#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""make_wheel.py FOLDER NAME VERSION SOURCE: a wheel with one module, as pip finds it without any network."""
import base64
import hashlib
import os
import sys
import zipfile

folder, name, version, source = sys.argv[1:]
info = f"{name}-{version}.dist-info"
files = {
    f"{name}.py": source + "\n",
    f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
    f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: make_wheel\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
}
os.makedirs(folder, exist_ok=True)
with zipfile.ZipFile(os.path.join(folder, f"{name}-{version}-py3-none-any.whl"), "w") as wheel:
    record = ""
    for path, text in files.items():
        wheel.writestr(path, text)
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        record += f"{path},sha256={digest},{len(text)}\n"
    wheel.writestr(f"{info}/RECORD", f"{record}{info}/RECORD,,\n")
