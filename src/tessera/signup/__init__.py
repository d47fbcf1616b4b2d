"""How somebody joins by themselves: the pages, in a frame or here, and what the organization asks and says there."""
