"""Voicemail: callers leave messages in boxes, owners hear them on the phone, by e-mail and over the API.

`shelf` keeps messages (a row and a file each), `leave` takes them, `menu` and `listening` play them, `mailing` and
`writing_down` send and transcribe them, `retention` empties the bin.
"""
