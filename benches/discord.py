"""How fast Discord's commands are deferred and names are offered, beside an Express app that only defers. Express
and `discord-interactions` come from npm; without npm or node only ours is measured.
"""

import chats

chats.main("discord", "defers", __doc__)
