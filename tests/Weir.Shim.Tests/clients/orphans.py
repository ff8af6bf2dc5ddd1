"""Prints the worker's id, forks a child that lives on with every descriptor but the standard ones, and is killed."""
import ctypes
import os
import time

library = ctypes.CDLL("libcuda.so.1")
assert library.cuInit(0) == 0
# The segment begins with a magic word, a version and the worker's id (src/Weir.Wire/ControlPage.cs).
for line in open("/proc/self/maps"):
    start = int(line.split("-")[0], 16)
    if "memfd:" in line and "rw-s" in line and ctypes.string_at(start, 7) == b"WEIRSEG":
        print(ctypes.c_int.from_address(start + 12).value, flush=True)
if os.fork() == 0:
    for descriptor in (0, 1, 2):
        os.close(descriptor)
    time.sleep(20)
    os._exit(0)
os.kill(os.getpid(), 9)
