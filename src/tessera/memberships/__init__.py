"""What is held, by whom, until when: grant, renew, cancel, pause, change, expire; and joining and leaving companies."""
