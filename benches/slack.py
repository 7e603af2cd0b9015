"""How fast slash commands are acknowledged, beside a Bolt app that only acknowledges. Bolt comes from npm;
without npm or node only ours is measured.
"""

import chats

chats.main("slack", "bolt", __doc__)
