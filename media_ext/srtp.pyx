"""One direction's SRTP and SRTCP; see srtp.pxd."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset

from media_ext.atomics cimport count
from media_ext.openssl cimport CRYPTO_memcmp, OPENSSL_cleanse
from media_ext.rtp cimport get16, get32
from media_ext.srtp_index cimport (
    REPLAY_WINDOW,
    RTCP_INDEX_MAX,
    SRTP_BAD_TAG,
    SRTP_FAILED,
    SRTP_KEY_EXPIRED,
    SRTP_MALFORMED,
    SRTP_OK,
    SRTP_TOO_LONG,
    SRTP_TOO_MANY_SOURCES,
    SrtpStatus,
    Window,
    rtp_index,
    window_check,
    window_take,
)
from media_ext.srtp_keys cimport (
    SRTCP_CLEAR_BYTES,
    SRTCP_ENCRYPTED,
    SessionKeys,
    SrtpKeys,
    SrtpShape,
    keys_close,
    keys_open,
    rtcp_open,
    rtcp_seal,
    rtp_open,
    rtp_seal,
    srtp_derive,
    srtp_shape,
)


# ------------------------------------------------------------------------------------------------------------- keys

cdef SrtpKeys *keys_for(int profile, const uint8_t *key, const uint8_t *salt, bint sending) noexcept nogil:
    cdef SrtpShape shape
    cdef SessionKeys session[2]
    cdef SrtpKeys *keys = NULL
    if srtp_shape(profile, &shape) and srtp_derive(&shape, key, salt, session):
        keys = keys_open(&shape, session, sending)
    OPENSSL_cleanse(session, sizeof(session))
    return keys


cdef bint same_keys(const SrtpKeys *a, const SrtpKeys *b) noexcept nogil:
    return (a.shape.gcm == b.shape.gcm and a.shape.rtp_tag_bytes == b.shape.rtp_tag_bytes
            and CRYPTO_memcmp(a.session, b.session, sizeof(a.session)) == 0)


cdef Srtp *srtp_open(int profile, const uint8_t *key, const uint8_t *salt, bint sending) noexcept nogil:
    cdef Srtp *s = <Srtp *> calloc(1, sizeof(Srtp))
    if s == NULL:
        return NULL
    s.sending = sending
    s.keys = keys_for(profile, key, salt, sending)
    if s.keys == NULL:
        free(s)
        return NULL
    s.first_use = True
    return s


cdef bint remember_key(Srtp *s) noexcept nogil:
    """Note that the present keys were used, by 64 bits that were derived for them; False when there is no room."""
    if s.past_count == SRTP_PAST_KEYS:
        return False
    memcpy(&s.past[s.past_count], s.keys.session[0].auth, sizeof(uint64_t))
    s.past_count += 1
    return True


cdef bint is_past_key(const Srtp *s, const SrtpKeys *keys) noexcept nogil:
    cdef uint32_t i
    for i in range(s.past_count):
        if CRYPTO_memcmp(&s.past[i], keys.session[0].auth, sizeof(uint64_t)) == 0:
            return True
    return False


cdef bint srtp_rekey(Srtp *s, int profile, const uint8_t *key, const uint8_t *salt) noexcept nogil:
    """False, and nothing has changed, when the new keys cannot be had."""
    cdef SrtpKeys *keys = keys_for(profile, key, salt, s.sending)
    if keys == NULL:
        return False
    change_keys(s, keys)
    return True


cdef void srtp_take_keys(Srtp *s, Srtp *fresh) noexcept nogil:
    """As `srtp_rekey`, with keys that were made elsewhere: those of `fresh`, which ends here."""
    cdef SrtpKeys *keys = fresh.keys
    fresh.keys = NULL
    srtp_close(fresh)
    change_keys(s, keys)


cdef void change_keys(Srtp *s, SrtpKeys *keys) noexcept nogil:
    if same_keys(keys, s.keys):
        keys_close(keys)
        return
    s.first_use = remember_key(s) and not is_past_key(s, keys)
    keys_close(s.former)
    s.former = NULL
    if s.sending:
        keys_close(s.keys)
    else:
        s.former = s.keys
        s.former_left = REPLAY_WINDOW
    s.keys = keys
    s.generation += 1


cdef void srtp_close(Srtp *s) noexcept nogil:
    if s == NULL:
        return
    keys_close(s.keys)
    keys_close(s.former)
    OPENSSL_cleanse(s, sizeof(Srtp))
    free(s)


# ---------------------------------------------------------------------------------------------------------- sources

cdef Source *srtp_source(Srtp *s, uint32_t ssrc) noexcept nogil:
    """The known source, NULL when it is not one."""
    cdef int i
    for i in range(SRTP_SOURCES):
        if s.sources[i].ssrc == ssrc and s.sources[i].known:
            return &s.sources[i]
    return NULL


cdef Source *place_for_source(Srtp *s) noexcept nogil:
    """A free place; else that of a source not heard since the key changed, whose packets cannot come back."""
    cdef int i
    cdef Source *source
    for i in range(SRTP_SOURCES):
        if not s.sources[i].known:
            return &s.sources[i]
    if s.former != NULL or not s.first_use:
        return NULL
    for i in range(SRTP_SOURCES):
        source = &s.sources[i]
        if source.rtp.generation != s.generation and source.rtcp.generation != s.generation:
            return source
    return NULL


cdef Source *srtp_admit(Srtp *s, uint32_t ssrc) noexcept nogil:
    """The source, new if need be: only for one that has proven itself. NULL: no place."""
    cdef Source *source = srtp_source(s, ssrc)
    if source == NULL:
        source = place_for_source(s)
        if source != NULL:
            memset(source, 0, sizeof(Source))
            source.known = True
            source.ssrc = ssrc
            # A source that speaks RTP only must not look unheard; its other window is empty, so this claims nothing.
            source.rtp.generation = s.generation
            source.rtcp.generation = s.generation
    return source


cdef SrtpStatus counted(Srtp *s, SrtpStatus status) noexcept nogil:
    count(&s.counts[<int> status], 1)
    return status


# ---------------------------------------------------------------------------------------------------------- sending

cdef SrtpStatus srtp_protect(Srtp *s, uint8_t *packet, size_t *size, size_t room) noexcept nogil:
    """Encrypt an RTP packet and append its tag."""
    return counted(s, protect_rtp(s, packet, size, room))


cdef SrtpStatus protect_rtp(Srtp *s, uint8_t *packet, size_t *size, size_t room) noexcept nogil:
    cdef size_t at = rtp_payload_at(packet, size[0])
    cdef size_t total = size[0] + s.keys.rtp.tag_bytes
    cdef Source *source
    cdef uint64_t index
    cdef uint32_t ssrc
    cdef SrtpStatus status
    if not s.sending:
        return SRTP_FAILED
    if at == 0:
        return SRTP_MALFORMED
    if total > room or total > SRTP_PACKET_MAX:
        return SRTP_TOO_LONG
    ssrc = get32(packet + 8)
    source = srtp_admit(s, ssrc)
    if source == NULL:
        return SRTP_TOO_MANY_SOURCES
    status = rtp_index(&source.rtp, get16(packet + 2), True, &index)
    if status == SRTP_KEY_EXPIRED and source.rtp.generation != s.generation and s.first_use:
        source.rtp.started = False                      # modulo 2^48, under a key that has sent nothing
        status = SRTP_OK
    if status == SRTP_OK:
        status = window_check(&source.rtp, index)
    if status != SRTP_OK:
        return status
    if s.limited and index > s.rtp_limit:
        return SRTP_KEY_EXPIRED
    if not rtp_seal(s.keys, packet, at, size[0], ssrc, index):
        return SRTP_FAILED
    window_take(&source.rtp, index)
    source.rtp.generation = s.generation
    size[0] = total
    return SRTP_OK


cdef SrtpStatus srtcp_protect(Srtp *s, uint8_t *packet, size_t *size, size_t room, bint encrypt) noexcept nogil:
    """Encrypt (or only sign) an RTCP packet, append index and tag; the first index is 0 (RFC 3711 3.4)."""
    return counted(s, protect_rtcp(s, packet, size, room, encrypt))


cdef SrtpStatus protect_rtcp(Srtp *s, uint8_t *packet, size_t *size, size_t room, bint encrypt) noexcept nogil:
    cdef size_t total = size[0] + 4 + s.keys.rtcp.tag_bytes
    cdef Source *source
    cdef Window *window
    cdef uint32_t index, ssrc
    if not s.sending:
        return SRTP_FAILED
    if size[0] < SRTCP_CLEAR_BYTES or packet[0] >> 6 != 2:
        return SRTP_MALFORMED
    if total > room or total > SRTP_PACKET_MAX:
        return SRTP_TOO_LONG
    ssrc = get32(packet + 4)
    source = srtp_admit(s, ssrc)
    if source == NULL:
        return SRTP_TOO_MANY_SOURCES
    window = &source.rtcp
    if window.started and window.highest >= RTCP_INDEX_MAX:
        if window.generation == s.generation or not s.first_use:
            return SRTP_KEY_EXPIRED
        window.started = False                          # modulo 2^31, under a key that has sent nothing
    index = <uint32_t> (window.highest + 1) if window.started else 0
    if s.limited and index > s.rtcp_limit:
        return SRTP_KEY_EXPIRED
    if not rtcp_seal(s.keys, packet, size[0], ssrc, index | (<uint32_t> SRTCP_ENCRYPTED if encrypt else 0)):
        return SRTP_FAILED
    window_take(window, index)
    window.generation = s.generation
    size[0] = total
    return SRTP_OK


cdef void srtp_limit(Srtp *s, uint64_t rtp, uint64_t rtcp) noexcept nogil:
    s.limited = True
    s.rtp_limit = rtp
    s.rtcp_limit = rtcp


# -------------------------------------------------------------------------------------------------------- receiving

# A packet on its way in.
cdef struct Arrived:
    uint8_t *packet
    size_t payload_at
    size_t size                 # without tag
    uint32_t ssrc
    uint16_t seq
    uint64_t index              # that it proved to have
    bint anew                   # its source's window begins with it
    Source *source              # NULL: not known


cdef SrtpStatus srtp_unprotect(Srtp *s, uint8_t *packet, size_t *size) noexcept nogil:
    """Check an SRTP packet's tag, decrypt it and take the tag off."""
    return counted(s, unprotect_rtp(s, packet, size))


cdef SrtpStatus unprotect_rtp(Srtp *s, uint8_t *packet, size_t *size) noexcept nogil:
    cdef Arrived a
    cdef SrtpKeys *used = s.keys
    cdef SrtpStatus status
    if s.sending:
        return SRTP_FAILED
    if size[0] > SRTP_PACKET_MAX:
        return SRTP_TOO_LONG
    a.packet = packet
    a.payload_at = rtp_payload_at(packet, size[0])
    if a.payload_at == 0 or a.payload_at + s.keys.rtp.tag_bytes > size[0]:
        return SRTP_MALFORMED
    a.size = size[0] - s.keys.rtp.tag_bytes
    a.ssrc = get32(packet + 8)
    a.seq = get16(packet + 2)
    a.anew = False
    a.source = srtp_source(s, a.ssrc)
    if a.source != NULL and a.source.rtp.generation == s.generation and s.former == NULL:
        status = rtp_index(&a.source.rtp, a.seq, False, &a.index)
        if status == SRTP_OK:
            status = window_check(&a.source.rtp, a.index)
        if status == SRTP_OK:
            status = rtp_open(s.keys, packet, a.payload_at, a.size, a.ssrc, a.index)
    elif a.source == NULL and place_for_source(s) == NULL:
        return SRTP_TOO_MANY_SOURCES
    else:
        status = try_rtp(s, &a, size[0], &used)
    if status != SRTP_OK:
        return status
    size[0] = a.size
    a.source = srtp_admit(s, a.ssrc)
    took(s, &a.source.rtp, a.index, a.anew, used)
    return SRTP_OK


cdef void took(Srtp *s, Window *window, uint64_t index, bint anew, const SrtpKeys *used) noexcept nogil:
    """Remember a packet that proved itself under `used`; enough of them end the former key's time."""
    if anew:
        window.started = False
        s.former_left = 1           # the former key's packets cannot be told from replays any more
    if used == s.former:
        if not window.started:
            window.generation = s.generation - 1
        window_take(window, index)
        return
    window_take(window, index)
    window.generation = s.generation
    if s.former != NULL:
        s.former_left -= 1
        if s.former_left == 0:
            keys_close(s.former)
            s.former = NULL


cdef SrtpStatus try_rtp(Srtp *s, Arrived *a, size_t received, SrtpKeys **used) noexcept nogil:
    """The rare cases: a source's first packet, or packets around a change of the key. See the table in srtp.pxd."""
    cdef uint8_t backup[SRTP_BACKUP_BYTES]
    cdef bint again = received <= SRTP_BACKUP_BYTES
    cdef Window unheard
    cdef Window *window = &unheard
    cdef uint64_t nearest
    cdef SrtpStatus status, answer
    unheard.started = False
    if a.source != NULL:
        window = &a.source.rtp
    if again:
        memcpy(backup, a.packet, received)
    answer = rtp_index(window, a.seq, False, &nearest)
    if answer == SRTP_OK:
        answer = window_check(window, nearest)
    if answer == SRTP_OK:
        a.index = nearest
        answer = rtp_open(s.keys, a.packet, a.payload_at, a.size, a.ssrc, nearest)
        if answer != SRTP_BAD_TAG or not again:
            return answer
        if not window.started and a.seq < 0x8000:
            a.index = 0x10000 | a.seq
            memcpy(a.packet, backup, received)
            status = rtp_open(s.keys, a.packet, a.payload_at, a.size, a.ssrc, a.index)
            if status == SRTP_OK:
                return status
        if s.former != NULL and received >= a.payload_at + s.former.rtp.tag_bytes:
            a.index = nearest
            memcpy(a.packet, backup, received)
            status = rtp_open(s.former, a.packet, a.payload_at, received - s.former.rtp.tag_bytes, a.ssrc, nearest)
            if status == SRTP_OK:
                a.size = received - s.former.rtp.tag_bytes
                used[0] = s.former
                return status
    if window.started and window.generation != s.generation and s.first_use and again:
        a.index = a.seq
        a.anew = True
        memcpy(a.packet, backup, received)
        status = rtp_open(s.keys, a.packet, a.payload_at, a.size, a.ssrc, a.index)
        if status == SRTP_OK:
            return status
    return answer


cdef SrtpStatus srtcp_unprotect(Srtp *s, uint8_t *packet, size_t *size) noexcept nogil:
    """Check an SRTCP packet's tag, decrypt it if its E bit says so, and take index and tag off."""
    return counted(s, unprotect_rtcp(s, packet, size))


cdef SrtpStatus unprotect_rtcp(Srtp *s, uint8_t *packet, size_t *size) noexcept nogil:
    cdef uint8_t backup[SRTP_BACKUP_BYTES]
    cdef size_t received = size[0]
    cdef size_t clear_size
    cdef Source *source
    cdef Window *window
    cdef SrtpKeys *used = s.keys
    cdef SrtpStatus fresh = SRTP_OK
    cdef SrtpStatus status
    cdef uint32_t ssrc
    cdef uint64_t index
    cdef bint anew = False
    if s.sending:
        return SRTP_FAILED
    if received > SRTP_PACKET_MAX:
        return SRTP_TOO_LONG
    if received < SRTCP_CLEAR_BYTES + 4 + <size_t> s.keys.rtcp.tag_bytes or packet[0] >> 6 != 2:
        return SRTP_MALFORMED
    ssrc = get32(packet + 4)
    source = srtp_source(s, ssrc)
    if source == NULL and place_for_source(s) == NULL:
        return SRTP_TOO_MANY_SOURCES
    clear_size = received - 4 - s.keys.rtcp.tag_bytes
    index = srtcp_index(s.keys, packet, clear_size)
    if source != NULL:
        window = &source.rtcp
        fresh = window_check(window, index)
        anew = window.started and window.generation != s.generation and s.first_use and fresh != SRTP_OK
        if fresh != SRTP_OK and not anew and s.former == NULL:
            return fresh
    status = fresh
    if s.former != NULL and received <= SRTP_BACKUP_BYTES:
        memcpy(backup, packet, received)
    if fresh == SRTP_OK or anew:
        status = rtcp_open(s.keys, packet, clear_size, ssrc)
    if status != SRTP_OK and s.former != NULL and former_rtcp(s, source, packet, backup, received, &clear_size, &index):
        used = s.former
        anew = False
        status = SRTP_OK
    if status != SRTP_OK:
        return fresh if fresh != SRTP_OK else status
    size[0] = clear_size
    source = srtp_admit(s, ssrc)
    took(s, &source.rtcp, index, anew, used)
    return SRTP_OK


cdef inline uint32_t srtcp_index(const SrtpKeys *keys, const uint8_t *packet, size_t clear_size) noexcept nogil:
    return get32(packet + clear_size + (keys.rtcp.tag_bytes if keys.shape.gcm else 0)) & RTCP_INDEX_MAX


cdef bint former_rtcp(Srtp *s, const Source *source, uint8_t *packet, const uint8_t *backup, size_t received,
                      size_t *clear_size, uint64_t *index) noexcept nogil:
    """Whether the packet is a new one under the former key, whose layout may differ; sets its size and index."""
    cdef size_t added = 4 + s.former.rtcp.tag_bytes
    cdef uint64_t number
    if received > SRTP_BACKUP_BYTES or received < SRTCP_CLEAR_BYTES + added:
        return False
    memcpy(packet, backup, received)
    number = srtcp_index(s.former, packet, received - added)
    if source != NULL and window_check(&source.rtcp, number) != SRTP_OK:
        return False
    if rtcp_open(s.former, packet, received - added, get32(packet + 4)) != SRTP_OK:
        return False
    clear_size[0] = received - added
    index[0] = number
    return True
