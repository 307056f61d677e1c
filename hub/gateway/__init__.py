"""The asyncio side of the hub, where bytes come in: git over HTTP and SSH, and the hand-over of pages."""
