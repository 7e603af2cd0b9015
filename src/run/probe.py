import socket, sys
host, port, speaks = sys.argv[1], int(sys.argv[2]), sys.argv[3]
try:
    address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
except OSError as error:
    print("dns-failed", error)
    sys.exit(1)
print("dns", address[4][0])
try:
    stream = socket.socket(address[0], socket.SOCK_STREAM)
    stream.settimeout(3)
    stream.connect(address[4])
except OSError:
    print("tcp failed")
    sys.exit(1)
print("tcp ok")
ask = {
    "http": b"GET / HTTP/1.0\r\nHost: " + host.encode() + b"\r\n\r\n",
    "redis": b"PING\r\n",
    "postgres": bytes([0, 0, 0, 8, 4, 210, 22, 47]),
}.get(speaks)
if ask:
    try:
        stream.sendall(ask)
        answer = stream.recv(200).decode("utf-8", "replace").splitlines()
        if answer:
            print("greeting", answer[0])
    except OSError:
        pass
