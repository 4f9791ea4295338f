#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""package_server.py FOLDER PORT_FILE TOKEN: CodeArtifact's API and one repository with the packages of FOLDER, whose
pages only user aws with TOKEN may read. Prints every request, with the user it came from."""
import base64
import http.server
import json
import os
import re
import sys
import urllib.parse

folder, port_file, token = sys.argv[1:]
signature = re.compile(r"AWS4-HMAC-SHA256 Credential=AKID/\d{8}/eu-test-1/codeartifact/aws4_request, SignedHeaders=")


class Server(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, body, kind="application/json", headers=()):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def handle_request(self):
        authorization = self.headers.get("Authorization", "")
        user = authorization.split(" ")[0]
        if user == "Basic":
            user = base64.b64decode(authorization.split(" ")[1]).decode().split(":")[0]
        print(self.command, self.path, user, flush=True)
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        if url.path.startswith("/v1/"):
            if not signature.match(authorization) or query.get("domain") != "dom" or query.get("domain-owner") != "42":
                body = json.dumps({"message": "who are you?"}).encode()
                return self.answer(403, body, headers=[("x-amzn-ErrorType", "AccessDeniedException")])
            if (self.command, url.path) == ("POST", "/v1/authorization-token"):
                return self.answer(200, json.dumps({"authorizationToken": token, "expiration": 2e9}).encode())
            endpoint = f"http://127.0.0.1:{self.server.server_port}/pypi/repo/"
            return self.answer(200, json.dumps({"repositoryEndpoint": endpoint}).encode())
        if authorization != "Basic " + base64.b64encode(f"aws:{token}".encode()).decode():
            return self.answer(401, b"", headers=[("WWW-Authenticate", "Basic")])
        page = re.fullmatch(r"/pypi/repo/simple/([^/]+)/", url.path)
        if page:
            names = [name for name in sorted(os.listdir(folder)) if name.startswith(page[1] + "-")]
            links = "".join(f'<a href="/files/{name}">{name}</a>\n' for name in names)
            return self.answer(200, f"<!DOCTYPE html><html><body>{links}</body></html>".encode(), "text/html")
        file = os.path.join(folder, os.path.basename(url.path))
        if url.path.startswith("/files/") and os.path.exists(file):
            with open(file, "rb") as content:
                return self.answer(200, content.read(), "application/octet-stream")
        return self.answer(404, b"")

    do_GET = do_POST = handle_request

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
with open(port_file + ".part", "w") as file:
    file.write(str(server.server_port))
os.rename(port_file + ".part", port_file)
server.serve_forever()
