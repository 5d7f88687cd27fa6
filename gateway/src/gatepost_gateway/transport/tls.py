"""The TLS side of a connection to a provider."""

import asyncio
import ssl


def client_context(ca_file: str | None = None) -> ssl.SSLContext:
    """Verifies the peer against `ca_file` (PEM) alone, or the system's authorities without one.

    Raises OSError when the file cannot be read and ssl.SSLError when it holds no certificate.
    """
    # Not ssl.create_default_context: that one writes session keys to a file that the environment may name.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    if ca_file is None:
        context.load_default_certs(ssl.Purpose.SERVER_AUTH)
    else:
        context.load_verify_locations(cafile=ca_file)
    return context


def ended_properly(transport: asyncio.Transport) -> bool:
    """Whether a stream that has ended was ended by the peer, and not cut on the way.

    Under TLS only a close_notify says so (RFC 8446 section 6.1), and not every loop tells the two apart. Asked once
    the end was reported: nothing is left to read then.
    """
    secured: ssl.SSLObject | None = transport.get_extra_info("ssl_object")
    if secured is None:
        return True
    try:
        return secured.read(1) == b""
    except ssl.SSLZeroReturnError:
        return True
    except ssl.SSLError:
        return False
