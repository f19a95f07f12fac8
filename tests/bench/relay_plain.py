"""The least that a relay can do: unicast fan-out in plain text, no security, no storage."""
import socket
import sys

relay = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
relay.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_000_000)
relay.bind(("127.0.0.1", 0))
print(f"listening on 127.0.0.1:{relay.getsockname()[1]}", file=sys.stderr, flush=True)
members = []
while True:
    data, sender = relay.recvfrom(65535)
    if sender not in members:
        members.append(sender)
    for member in members:
        if member != sender:
            relay.sendto(data, member)
