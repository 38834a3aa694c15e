"""The settings of a node: what the process needs to start. See also `config_sources` and `config_check`.

What an administrator changes while the node runs is not here but in `pbx.model.settings`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

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
            "sftp://user@host/path, s3://bucket/path?endpoint=https://…, abs://account@container/path or gs://bucket/path"
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
