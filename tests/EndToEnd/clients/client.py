"""A client in Python: ctypes, a subprocess, children made by fork and by spawn."""

import ctypes
import multiprocessing
import subprocess
import sys


def use():
    cuda = ctypes.CDLL("libcuda.so.1")

    def call(name, *arguments):
        answer = getattr(cuda, name)(*arguments)
        assert answer == 0, f"{name} answered {answer}"

    context, address = ctypes.c_void_p(), ctypes.c_uint64()
    name = ctypes.create_string_buffer(256)
    call("cuInit", 0)
    call("cuDeviceGetName", name, 256, 0)
    assert name.value
    call("cuCtxCreate_v2", ctypes.byref(context), 0, 0)
    data = bytes(range(256)) * 1000
    call("cuMemAlloc_v2", ctypes.byref(address), ctypes.c_size_t(len(data)))
    call("cuMemcpyHtoD_v2", address, data, ctypes.c_size_t(len(data)))
    back = ctypes.create_string_buffer(len(data))
    call("cuMemcpyDtoH_v2", back, address, ctypes.c_size_t(len(data)))
    assert back.raw == data
    call("cuMemFree_v2", address)
    return cuda


def child_of_fork(queue):
    cuda = ctypes.CDLL("libcuda.so.1")
    queue.put(cuda.cuCtxSynchronize())


def child_of_spawn(queue):
    use()
    queue.put(0)


if __name__ == "__main__":
    use()
    for method, target, expected in (("fork", child_of_fork, 3), ("spawn", child_of_spawn, 0)):
        start = multiprocessing.get_context(method)
        queue = start.Queue()
        process = start.Process(target=target, args=(queue,))
        process.start()
        assert queue.get(timeout=60) == expected, method
        process.join()
        assert process.exitcode == 0, method
    assert subprocess.run([sys.executable, "-c", "print('child')"], capture_output=True, check=True).stdout == b"child\n"
    use()
    print("python ok")
