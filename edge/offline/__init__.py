"""Calls of an office that is offline: the edge answers them itself, in TwiML, and gives the office what came of them.

`dialogue` decides and knows no Twilio; `render` writes it as TwiML; `calls` answers the webhooks; `journal` and
`recordings` keep what happened; `collecting` fetches what was recorded, `handing_over` delivers it.
"""
