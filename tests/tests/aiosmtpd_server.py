"""A mail server nobody here wrote. Prints its port, then one JSON line per mail; ends with its standard input."""
import asyncio
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult


class Printer:
    async def handle_DATA(self, server, session, envelope):
        mail = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "user": session.auth_data.login.decode(),
            "tls": session.ssl is not None,
            "content": envelope.content.decode(),
        }
        print(json.dumps(mail), flush=True)
        return "250 OK"


def authenticate(server, session, envelope, mechanism, data):
    good = (data.login, data.password) == (b"orders", b"smtp-password")
    return AuthResult(success=good, handled=good, auth_data=data)


async def main(certificate, key):
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate, key)
    options = dict(tls_context=tls, require_starttls=True, auth_required=True, authenticator=authenticate, timeout=60)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Printer(), enable_SMTPUTF8=True, **options), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


asyncio.run(main(*sys.argv[1:]))
