"""Stands between a worker and its Redis, and forgets connections as a firewall does.

    python halfopen.py PORT TARGETPORT

After a SIGUSR1 who waited for messages does so for ever: Redis has lost the connection, the worker
has not.
"""

import asyncio
import signal
import sys

waiting = {}


async def carry(reader, writer, number, far):
    """`far` is the way to Redis, which a connection that asks for messages is known by."""
    while data := await reader.read(65536):
        if far is writer and b"BRPOP" in data:
            waiting.setdefault(number, far)
        if not far.is_closing():
            writer.write(data)
            await writer.drain()
    if number not in waiting:
        writer.close()


def forget():
    for far in waiting.values():
        far.close()


async def main(port, target):
    count = 0

    async def serve(reader, writer):
        nonlocal count
        count += 1
        number = count
        far_reader, far = await asyncio.open_connection("127.0.0.1", target)
        await asyncio.gather(
            carry(reader, far, number, far),
            carry(far_reader, writer, number, far),
            return_exceptions=True,
        )

    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, forget)
    async with await asyncio.start_server(serve, "127.0.0.1", port) as server:
        print("LISTENS", flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
