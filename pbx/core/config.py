"""What the process needs to start, and where each setting comes from.

    command line  >  environment (PBX_HTTP_PORT)  >  pbx.toml (http_port)  >  default

A key that nobody knows is refused with the nearest name that exists, so that a typing error never goes
unnoticed. What an administrator changes while the node runs is not here but in `pbx.model.settings`.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Literal, get_args, get_origin

import msgspec
from msgspec import Meta

from pbx.core.errors import StartupError
from pbx.core.secret import KEY_VARIABLE

PREFIX = "PBX_"
CONFIG_VARIABLE = "PBX_CONFIG"
CONFIG_FILE = "pbx.toml"
OTHER_VARIABLES = frozenset({KEY_VARIABLE, CONFIG_VARIABLE})
"""Variables with our prefix that are no setting of `NodeConfig`."""

SECRET_ENDINGS = ("_password", "_token", "_key", "_secret")
"""How a setting that is a secret is named. Files of keys are told by their path, public keys come in lists."""

Port = Annotated[int, Meta(ge=0, le=65535)]
RtpPort = Annotated[int, Meta(ge=1024, le=65535)]


class NodeConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The settings of one node. Each description is its documentation in `pbx serve --help`."""

    data_dir: Annotated[Path, Meta(description="folder of the database, the key file and recordings")] = Path(
        "data"
    )
    host: Annotated[
        str,
        Meta(
            description="address to listen on for SIP, audio and HTTP; :: means IPv6 and IPv4", min_length=1
        ),
    ] = "0.0.0.0"  # noqa: S104  phones in the office must reach it
    http_port: Annotated[
        Port, Meta(description="port of the admin site and the API (TCP); 0 lets the system choose")
    ] = 8080
    sip_port: Annotated[Port, Meta(description="port of SIP (UDP and TCP); 0 lets the system choose")] = 5060
    tls: Annotated[
        bool,
        Meta(description="SIP over TLS and HTTPS, with a certificate of the node's own unless one is named"),
    ] = True
    sip_tls_port: Annotated[Port, Meta(description="port of SIP over TLS; 0 lets the system choose")] = 5061
    https_port: Annotated[
        Port, Meta(description="port of the admin site and the API over HTTPS; 0 lets the system choose")
    ] = 8443
    tls_cert: Annotated[
        Path | None,
        Meta(description="certificate with its chain (PEM) for TLS and HTTPS; read again when it changes"),
    ] = None
    tls_key: Annotated[Path | None, Meta(description="private key (PEM) of the certificate")] = None
    tls_trust: Annotated[
        Path | None,
        Meta(description="more CA certificates (PEM) that are trusted when this node connects over TLS"),
    ] = None
    acme_domain: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^[a-z0-9]([a-z0-9-]{0,62}\.)+[a-z][a-z0-9-]{1,62}$(?!\n)")], ...],
        Meta(
            description="names that a public CA gives a certificate for, such as phone.example.com; "
            "naming one agrees to the CA's terms"
        ),
    ] = ()
    acme_directory: Annotated[
        str, Meta(description="address of that CA's ACME directory", pattern=r"^https://[^\s]+$(?!\n)")
    ] = "https://acme-v02.api.letsencrypt.org/directory"
    acme_contact: Annotated[
        str,
        Meta(
            description="mail address that the CA may write to",
            pattern=r"^([^\s@]+@[^\s@]+\.[^\s@]+)?$(?!\n)",
        ),
    ] = ""
    acme_challenge: Annotated[
        Literal["http-01", "tls-alpn-01"],
        Meta(description="how names are proven: http-01 (the CA asks port 80) or tls-alpn-01 (port 443)"),
    ] = "http-01"
    acme_port: Annotated[
        Port,
        Meta(
            description="port here that the CA's question arrives at, where a router passes it on; "
            "0 for 80 or 443, as the challenge has it"
        ),
    ] = 0
    ws_origins: Annotated[
        tuple[str, ...],
        Meta(
            description="other web pages that may connect a phone over WebSocket, such as https://example.org"
        ),
    ] = ()
    rtp_port_min: Annotated[RtpPort, Meta(description="lowest port of audio (UDP); a call takes four")] = (
        10000
    )
    rtp_port_max: Annotated[RtpPort, Meta(description="highest port of audio (UDP)")] = 20000
    external_ip: Annotated[
        str, Meta(description="address that phones are told to send to: auto, or an IP address")
    ] = "auto"
    country: Annotated[
        str,
        Meta(
            description="country whose way of writing outside numbers is used, two letters (ISO 3166-1)",
            pattern=r"^[A-Z]{2}$(?!\n)",
        ),
    ] = "US"
    emergency_numbers: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^[0-9]{2,6}$(?!\n)")], ...],
        Meta(description="numbers that call for help: no rule blocks them"),
    ] = ("911", "112")
    language: Annotated[
        str,
        Meta(
            description="language of what the node says, such as en, en-gb or de",
            pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}$(?!\n)",
        ),
    ] = "en"
    tts_voice: Annotated[
        str,
        Meta(
            description="voice of espeak-ng for that language, such as en-gb-x-rp or en-us+f3; without one, its usual",
            pattern=r"^([A-Za-z0-9][A-Za-z0-9+_-]{0,39})?$(?!\n)",
        ),
    ] = ""
    tts_piper_voice: Annotated[
        Path | None,
        Meta(description="voice of Piper (.onnx), which then speaks its language in place of espeak-ng"),
    ] = None
    tts_piper_program: Annotated[
        str, Meta(description="the program of Piper: its name, or where it is", min_length=1)
    ] = "piper"
    smtp_host: Annotated[
        str, Meta(description="mail server that notices are handed to; without one no mail is sent")
    ] = ""
    smtp_port: Annotated[Port, Meta(description="port of the mail server")] = 587
    smtp_security: Annotated[
        Literal["starttls", "tls", "none"],
        Meta(description="encryption to the mail server: starttls (port 587), tls (port 465) or none"),
    ] = "starttls"
    smtp_username: Annotated[str, Meta(description="user name at the mail server, if it wants one")] = ""
    smtp_password: Annotated[
        str,
        Meta(description="password at the mail server; others can read options, so set PBX_SMTP_PASSWORD"),
    ] = ""
    smtp_from: Annotated[
        str, Meta(description="mail address that notices come from; without it, the user name if that is one")
    ] = ""
    stun_server: Annotated[
        str, Meta(description="who is asked for the external address when that is auto; none asks nobody")
    ] = "stun.l.google.com:19302"
    turn_server: Annotated[
        tuple[str, ...],
        Meta(
            description="TURN servers for browsers that cannot reach this node's audio, such as "
            "turn:turn.example.org:3478?transport=udp"
        ),
    ] = ()
    turn_secret: Annotated[
        str,
        Meta(
            description="what their credentials are made with (coturn: static-auth-secret); others can read options, "
            "so set PBX_TURN_SECRET"
        ),
    ] = ""
    local_networks: Annotated[
        tuple[str, ...],
        Meta(
            description="networks whose phones are shown this node's local address; without it, all private ones"
        ),
    ] = ()
    options_interval_s: Annotated[
        float,
        Meta(
            description="seconds between two questions whether a registered phone is there; 0 asks none", ge=0
        ),
    ] = 60.0
    max_calls: Annotated[
        int, Meta(description="calls at once; the next one is told to come back later", ge=1, le=20000)
    ] = 2000
    memory_limit_mb: Annotated[
        int,
        Meta(
            description="memory of this process, in MB, from which on no new call is taken; 0: nine tenths of what its "
            "unit or container may take",
            ge=0,
        ),
    ] = 0
    dns_servers: Annotated[
        tuple[str, ...], Meta(description="name servers in place of the system's, such as 192.0.2.53")
    ] = ()
    never_banned: Annotated[
        tuple[str, ...],
        Meta(
            description="networks or addresses that are never banned, whatever they send, such as 203.0.113.0/24"
        ),
    ] = ()
    sip_trace_mb: Annotated[
        int, Meta(description="memory for the latest SIP messages, in MB; 0 keeps none", ge=0, le=1024)
    ] = 8
    realm: Annotated[
        str,
        Meta(
            description="name of the SIP digest realm", pattern=r'^[^"\\\x00-\x1f\x7f]+$(?!\n)', max_length=64
        ),
    ] = "bellwire"
    digest_algorithms: Annotated[
        tuple[Literal["MD5", "SHA-256"], ...],
        Meta(
            description="SIP digest challenges in order: MD5, SHA-256 or both; some phones give up at any SHA-256",
            min_length=1,
        ),
    ] = ("MD5",)
    rtp_timeout_s: Annotated[
        float,
        Meta(description="seconds without audio before a phone is asked whether it is still there", gt=0),
    ] = 60.0
    rtp_threads: Annotated[int, Meta(description="threads that relay audio", ge=1, le=64)] = 1
    rtp_loop: Annotated[
        Literal["auto", "io_uring", "epoll"],
        Meta(
            description="how audio threads get packets: epoll, io_uring (Linux 6.1), or auto for the proven one"
        ),
    ] = "auto"
    codecs: Annotated[
        tuple[Literal["opus", "G722", "PCMU", "PCMA", "L16"], ...],
        Meta(
            description="audio codecs that phones may use, best first: opus, G722, PCMU, PCMA, L16",
            min_length=1,
        ),
    ] = ("opus", "G722", "PCMU", "PCMA")
    srtp: Annotated[
        Literal["off", "optional", "required"],
        Meta(
            description="encrypted audio: off, optional (as phones ask for it), or required (plain RTP is refused)"
        ),
    ] = "optional"
    api_rate: Annotated[
        int,
        Meta(
            ge=0,
            description="requests a second that one user or program may send to the API in the long run, "
            "20 seconds' worth at once; 0 sets no limit",
        ),
    ] = 100
    speech_url: Annotated[
        str,
        Meta(
            description="OpenAI-compatible server that writes down speech, such as http://127.0.0.1:8000; "
            "without one, only names are understood, on this node"
        ),
    ] = ""
    speech_model: Annotated[str, Meta(description="model of the speech server", min_length=1)] = "whisper-1"
    speech_key_file: Annotated[
        Path | None, Meta(description="file that holds the key of the speech server, if it wants one")
    ] = None
    chat_url: Annotated[
        str,
        Meta(
            description="OpenAI-compatible server whose model understands callers, such as http://127.0.0.1:11434; "
            "without one, a matcher of names and words does"
        ),
    ] = ""
    chat_model: Annotated[str, Meta(description="model of the chat server")] = ""
    chat_key_file: Annotated[
        Path | None, Meta(description="file that holds the key of the chat server, if it wants one")
    ] = None
    chat_time_limit_s: Annotated[
        float, Meta(description="seconds until the matcher answers in the chat model's place", gt=0, le=30)
    ] = 4.0
    edge: Annotated[
        bool,
        Meta(
            description="answer Twilio in this node, at /twilio on its HTTP port; on by itself with a Twilio account"
        ),
    ] = False
    public_url: Annotated[
        str,
        Meta(
            description="address that Twilio reaches this node at, such as https://office.example.com",
            pattern=r"^(https?://[^\s/?#]+(/[^\s?#]*)?)?$",
        ),
    ] = ""
    fallback_url: Annotated[
        str,
        Meta(
            description="address of another edge, which Twilio asks when this one does not answer",
            pattern=r"^(https?://[^\s/?#]+(/[^\s?#]*)?)?$",
        ),
    ] = ""
    twilio_account_sid: Annotated[str, Meta(description="Twilio account SID (AC…)")] = ""
    twilio_auth_token: Annotated[
        str,
        Meta(description="Twilio auth token; others can read options, so set PBX_TWILIO_AUTH_TOKEN"),
    ] = ""
    twilio_api_url: Annotated[
        str, Meta(description="address of Twilio's API in place of https://api.twilio.com")
    ] = ""
    edge_url: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^https?://[^\s/?#]+(/[^\s?#]*)?$")], ...],
        Meta(
            description="edges elsewhere that this node keeps a tunnel to, such as https://edge.example.com"
        ),
    ] = ()
    edge_key: Annotated[
        str,
        Meta(
            description="this office's key there (office.key); others can read options, so set PBX_EDGE_KEY",
            pattern=r"^([A-Za-z0-9]{1,64}\.[A-Za-z0-9_-]{16,128})?$",
        ),
    ] = ""
    edge_sip: Annotated[
        str,
        Meta(
            description="where Twilio reaches SIP here, such as office.example.com:5061;transport=tls; without it, "
            "calls of edges come through the tunnel, and no port is needed",
            pattern=r"^([A-Za-z0-9.:\[\]-]+(;transport=(udp|tcp|tls))?)?$",
        ),
    ] = ""
    sync_url: Annotated[
        str,
        Meta(
            description="where the configuration bundle of this office is, such as https://example.org/bundle/; "
            "without one, none is followed"
        ),
    ] = ""
    sync_key: Annotated[
        tuple[str, ...],
        Meta(description="public key that signs the bundle (pbx sync key FILE); several while it is changed"),
    ] = ()
    sync_office: Annotated[
        str, Meta(description="which office of the bundle this node is; not needed where there is one")
    ] = ""
    sync_interval_s: Annotated[
        float, Meta(description="seconds between two looks for a newer bundle", ge=1)
    ] = 300.0
    push_url: Annotated[
        str,
        Meta(
            description="push gateway of several offices, such as https://push.example.org; "
            "without one, this node sends pushes itself"
        ),
    ] = ""
    push_key_file: Annotated[
        Path | None, Meta(description="file that holds the key of this office at that gateway")
    ] = None
    push_contact: Annotated[
        str,
        Meta(
            description="address that the push services of browsers may write to, such as mailto:it@example.org"
        ),
    ] = ""
    push_webpush_hosts: Annotated[
        tuple[str, ...], Meta(description="more push services of browsers that may be sent to")
    ] = ()
    push_apns_key: Annotated[
        Path | None, Meta(description="Apple's signing key (.p8) of an app of your own")
    ] = None
    push_apns_key_id: Annotated[str, Meta(description="Key ID of that key")] = ""
    push_apns_team: Annotated[str, Meta(description="Team ID at Apple")] = ""
    push_apns_apps: Annotated[
        tuple[str, ...],
        Meta(description="bundles of the apps that the key may send to, such as org.example.phone"),
    ] = ()
    push_apns_sandbox: Annotated[bool, Meta(description="send everything to Apple's sandbox")] = False
    push_apns_url: Annotated[
        str, Meta(description="address of Apple's push service", pattern=r"^https?://")
    ] = "https://api.push.apple.com"
    push_apns_trust: Annotated[
        Path | None, Meta(description="CA certificates (PEM) for that address, in place of the system's")
    ] = None
    push_fcm_account: Annotated[
        Path | None, Meta(description="Google's service account (JSON) of an app of your own")
    ] = None
    push_fcm_url: Annotated[
        str, Meta(description="address of Google's push service", pattern=r"^https?://")
    ] = "https://fcm.googleapis.com"
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], Meta(description="least serious line that is logged")
    ] = "info"
    log_format: Annotated[Literal["text", "json"], Meta(description="how log lines look")] = "text"
    site_dir: Annotated[
        Path | None,
        Meta(description="folder of the built admin site; without it, the one that was installed"),
    ] = None
    demo: Annotated[
        bool, Meta(description="on an empty database, create the extensions 101, 102 and 103")
    ] = False
    replica_url: Annotated[
        str,
        Meta(
            description="where a copy of everything is kept up to the second: file:///mnt/backup/office, "
            "sftp://user@host/path or s3://bucket/path?endpoint=https://…"
        ),
    ] = ""
    replica_credentials: Annotated[
        Path | None,
        Meta(
            description="file with lines such as AWS_ACCESS_KEY_ID=… for that place, readable by its owner only"
        ),
    ] = None
    replica_ssh_key: Annotated[
        Path | None, Meta(description="private key that the SSH server of the replica lets in")
    ] = None
    replica_passphrase_file: Annotated[
        Path | None,
        Meta(
            description="file with the recovery passphrase: the key file is copied to the replica, locked with it"
        ),
    ] = None
    replica_files: Annotated[
        bool, Meta(description="copy voice messages, recordings and sounds to the replica, too")
    ] = True
    replica_keep_days: Annotated[
        int, Meta(description="days that the replica can be taken back to", ge=1, le=365)
    ] = 7
    replica_drill_hours: Annotated[
        float,
        Meta(description="hours between two drills that restore the replica and compare; 0: none", ge=0),
    ] = 24.0
    litestream: Annotated[
        str, Meta(description="the program of Litestream: its name, or where it is", min_length=1)
    ] = "litestream"

    def __repr__(self) -> str:
        """Names no value: some are secrets, and this may come into a log."""
        return f"NodeConfig({self.data_dir})"


class Setting(msgspec.Struct, frozen=True):
    """One field of `NodeConfig`, as the command line and the documentation need it."""

    name: str
    type: object
    default: object
    description: str

    @property
    def option(self) -> str:
        return "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        return PREFIX + self.name.upper()

    @property
    def is_flag(self) -> bool:
        return _plain(self.type) is bool

    @property
    def is_secret(self) -> bool:
        """Whether its value is shown to nobody."""
        return _plain(self.type) is str and self.name.endswith(SECRET_ENDINGS)

    @property
    def is_list(self) -> bool:
        return get_origin(_plain(self.type)) is tuple

    @property
    def choices(self) -> tuple[str, ...]:
        """The words it may be, if it is one of a few."""
        plain = _plain(self.type)
        return get_args(plain) if get_origin(plain) is Literal else ()


def settings() -> dict[str, Setting]:
    """All settings by name, in the order of `NodeConfig`."""
    return {
        field.name: Setting(field.name, field.type, field.default, _description(field.type))
        for field in msgspec.structs.fields(NodeConfig)
    }


def load(
    options: Mapping[str, object] | None = None,
    environ: Mapping[str, str] = os.environ,
    file: Path | None = None,
) -> NodeConfig:
    """Put the settings together. `options` are those given on the command line, by field name.

    The file is `file`, else the one `PBX_CONFIG` names, else `pbx.toml` in the working directory if there is
    one. Raises `StartupError`, which names where a wrong value came from.
    """
    known = settings()
    values: dict[str, object] = {}
    for given, is_text in (
        (_from_file(known, environ, file), False),
        (_from_environment(known, environ), True),
        (_from_options(known, options or {}), True),
    ):
        for setting, value, origin in given:
            values[setting.name] = _converted(setting, value, origin, is_text=is_text)
    config = NodeConfig(**values)  # type: ignore[arg-type]  # each value has just been converted to its field's type
    _check(config)
    return config


def origins(
    options: Mapping[str, object] | None = None,
    environ: Mapping[str, str] = os.environ,
    file: Path | None = None,
) -> dict[str, str]:
    """Of each setting that is set, by what: "file", "environment" or "option"; the same order as in `load`."""
    known = settings()
    return {
        setting.name: source
        for source, given in (
            ("file", _from_file(known, environ, file)),
            ("environment", _from_environment(known, environ)),
            ("option", _from_options(known, options or {})),
        )
        for setting, _, _ in given
    }


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known name a typing error probably meant."""
    from difflib import get_close_matches

    found = get_close_matches(word, list(known), n=1, cutoff=0.5)
    return found[0] if found else None


_Given = Iterable[tuple[Setting, object, str]]


def _from_file(known: Mapping[str, Setting], environ: Mapping[str, str], file: Path | None) -> _Given:
    named = file or (Path(name) if (name := environ.get(CONFIG_VARIABLE)) else None)
    path = named or Path(CONFIG_FILE)
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        if named is None:
            return
        raise StartupError(f"the configuration file {path} does not exist") from None
    except (OSError, UnicodeDecodeError) as error:
        raise StartupError(f"the configuration file {path} cannot be read: {error}") from None
    import tomllib  # most nodes have no such file

    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise StartupError(f"the configuration file {path} cannot be read: {error}") from None
    for key, value in table.items():
        if key not in known:
            raise _unknown(f"the key {key!r} in {path}", key, known)
        yield known[key], value, f"{path}: {key}"


def _from_environment(known: Mapping[str, Setting], environ: Mapping[str, str]) -> _Given:
    by_variable = {setting.variable: setting for setting in known.values()}
    for variable, text in environ.items():
        if not variable.startswith(PREFIX) or variable in OTHER_VARIABLES:
            continue
        if variable not in by_variable:
            raise _unknown(f"the environment variable {variable}", variable, {*by_variable, *OTHER_VARIABLES})
        yield by_variable[variable], text, f"environment variable {variable}"


def _from_options(known: Mapping[str, Setting], options: Mapping[str, object]) -> _Given:
    for name, value in options.items():
        yield known[name], value, known[name].option


def _unknown(what: str, word: str, known: Iterable[str]) -> StartupError:
    guess = nearest(word, known)
    return StartupError(
        f"{what} is not a setting", action=f"Did you mean {guess}?" if guess else "See: pbx serve --help"
    )


def _converted(setting: Setting, value: object, origin: str, *, is_text: bool) -> object:
    """The value as its field wants it. Variables and options are text, whatever they mean; TOML has types."""
    if is_text and isinstance(value, str):
        value = _understood(setting, value)
    try:
        return msgspec.convert(value, setting.type, strict=not is_text, dec_hook=_path)
    except msgspec.ValidationError as error:
        got = "(hidden)" if setting.is_secret else value
        raise StartupError(f"{origin}: {error}", got=got, needed=setting.description) from None


def _understood(setting: Setting, text: str) -> object:
    if setting.is_list:
        return tuple(part.strip() for part in text.split(",") if part.strip())
    if setting.is_flag:
        return {"yes": True, "on": True, "no": False, "off": False}.get(text.lower(), text)
    return text


def _path(kind: type, value: object) -> object:
    if kind is Path and isinstance(value, str) and value:
        return Path(value)
    raise ValueError("Expected the path of a folder")


def _check(config: NodeConfig) -> None:
    """What no single setting can know."""
    if config.rtp_port_max - config.rtp_port_min < 3:
        raise StartupError(
            "the range of audio ports is too small for one call",
            got=f"rtp_port_min {config.rtp_port_min}, rtp_port_max {config.rtp_port_max}",
            needed="rtp_port_max at least 3 above rtp_port_min",
        )
    if config.sip_port and config.sip_port == config.http_port:
        raise StartupError(f"sip_port and http_port are both {config.sip_port}", action="Change one of them")
    if config.rtp_port_min <= config.sip_port <= config.rtp_port_max:
        raise StartupError(f"sip_port {config.sip_port} lies between rtp_port_min and rtp_port_max")
    _check_tls(config)
    _check_servers(config)
    _check_sync(config)
    if config.external_ip != "auto":
        _require_address("external_ip", config.external_ip)
    _require_address("host", config.host)
    for name in ("local_networks", "never_banned"):
        for network in getattr(config, name):
            _require_network(name, network)


def _check_tls(config: NodeConfig) -> None:
    if (config.tls_cert is None) != (config.tls_key is None):
        raise StartupError(
            "tls_cert and tls_key belong together",
            action="Give both, or neither for the node's own certificate",
        )
    _check_acme(config)
    taken = {config.sip_port: "sip_port", config.http_port: "http_port"}
    for name, port in (("sip_tls_port", config.sip_tls_port), ("https_port", config.https_port)):
        if config.tls and port and port in taken:
            raise StartupError(f"{taken[port]} and {name} are both {port}", action="Change one of them")
        taken[port] = name


def _check_acme(config: NodeConfig) -> None:
    if config.acme_domain and config.tls_cert is not None:
        raise StartupError(
            "acme_domain and tls_cert are two ways to a certificate", action="Take one of them away"
        )
    if config.acme_domain and not config.tls:
        raise StartupError("acme_domain needs TLS", action="Take --no-tls away")


def _check_servers(config: NodeConfig) -> None:
    for name in ("speech_url", "chat_url", "sync_url", "push_url"):
        url = getattr(config, name)
        if url and not url.startswith(("http://", "https://")):
            raise StartupError(
                f"{name} is no address of a server", got=url, needed="such as http://127.0.0.1:8000"
            )
    if config.turn_server and not config.turn_secret:
        raise StartupError(
            "turn_server needs the secret that its credentials are made with",
            action="Set PBX_TURN_SECRET (coturn: static-auth-secret), or take --turn-server away",
        )
    if config.chat_url and not config.chat_model:
        raise StartupError("chat_url needs a model", action="Name one with --chat-model")


def _check_sync(config: NodeConfig) -> None:
    if config.sync_url and not config.sync_key:
        raise StartupError(
            "sync_url needs the public key of its bundle",
            action="Name it with --sync-key (see: pbx sync key)",
        )
    for key in config.sync_key:
        try:
            size = len(base64.b64decode(key, validate=True))
        except binascii.Error:
            size = 0
        if size != 32:
            raise StartupError(
                "sync_key is no public key of bundles",
                got=key,
                needed="the line that pbx sync key FILE prints",
            )


def _require_address(name: str, text: str) -> None:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        raise StartupError(
            f"{name} is no IP address", got=text, needed="such as 192.0.2.10 or 2001:db8::10"
        ) from None


def _require_network(name: str, text: str) -> None:
    try:
        ipaddress.ip_network(text)
    except ValueError as error:
        raise StartupError(
            f"{name} names no network: {error}", got=text, needed="such as 192.168.0.0/16"
        ) from None


def _plain(kind: object) -> object:
    while get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    return kind


def _description(kind: object) -> str:
    metas = [meta for meta in get_args(kind)[1:] if isinstance(meta, Meta)]
    return next((meta.description for meta in reversed(metas) if meta.description), "")
