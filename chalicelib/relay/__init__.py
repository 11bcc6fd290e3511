"""5 emit. Every entry of the register goes to the topic `facts`, in order per stream, and is then marked published."""
