"""A WebSocket client of another maker (python3-websockets): chat.py URL CERT KEY TRUST COMMAND.

    say TEXT    sends a text, and prints the first message that comes
    large N     sends N bytes of text, and prints with which code the server closes
    ping        pings, and prints "pong"
    listen      prints "open", and then the code that the server closes with
"""

import asyncio
import ssl
import sys

import websockets


async def talk(url, cert, key, trust, command, argument=""):
    context = ssl.create_default_context(cafile=trust)
    if cert:
        context.load_cert_chain(cert, key)
    async with websockets.connect(url, ssl=context, max_size=None) as socket:
        if command == "say":
            await socket.send(argument)
            print(await asyncio.wait_for(socket.recv(), 20))
            return
        if command == "ping":
            await asyncio.wait_for(await socket.ping(b"there?"), 20)
            print("pong")
            return
        if command == "large":
            await socket.send("x" * int(argument))
        else:
            print("open", flush=True)
        try:
            while True:
                await asyncio.wait_for(socket.recv(), 30)
        except websockets.ConnectionClosed as closed:
            received = getattr(closed, "rcvd", None)
            print(received.code if received else closed.code)


asyncio.run(talk(*sys.argv[1:]))
