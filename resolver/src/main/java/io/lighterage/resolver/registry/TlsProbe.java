package io.lighterage.resolver.registry;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/// Finds out whether a port speaks TLS or plain HTTP, without loading Java's TLS.
///
/// Sends a minimal ClientHello and looks at the first byte that comes back: a TLS server answers with a handshake
/// record (0x16) or an alert (0x15). A plain HTTP server sees a garbled request line; the hello carries line ends so
/// that it need not wait for more, and it answers in text or hangs up.
final class TlsProbe {
    /// Only asked of ports nearby or by explicit leave to be insecure.
    private static final Duration LIMIT = Duration.ofSeconds(3);

    private static final int ALERT = 0x15;
    private static final int HANDSHAKE = 0x16;

    private TlsProbe() {}

    /// @param linkLocal as in [WideSockets]
    /// @throws IOException when nothing listens there, or nothing may be sent there
    static boolean speaksTls(String host, int port, boolean linkLocal) throws IOException {
        try (Socket socket = new WideSockets(linkLocal).createSocket()) {
            socket.connect(new InetSocketAddress(host, port), (int) LIMIT.toMillis());
            socket.setSoTimeout((int) LIMIT.toMillis());
            try {
                socket.getOutputStream().write(clientHello());
                int first = socket.getInputStream().read();
                return first == HANDSHAKE || first == ALERT;
            } catch (SocketTimeoutException e) {
                return false; // a TLS server never waits for more than a whole hello
            } catch (IOException e) {
                return false; // hung up on us: not a server that knows the first byte of TLS
            }
        }
    }

    /// TLS 1.2 ClientHello (RFC 5246 §7.4.1.2) with two cipher suites and no extensions.
    private static byte[] clientHello() {
        byte[] random = "\r\n\r\nlighterage asks: TLS?\r\n\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
        byte[] hello = new byte[5 + 4 + 2 + 32 + 1 + 2 + 4 + 2];
        int body = hello.length - 9;
        byte[] head = {HANDSHAKE, 3, 1, 0, (byte) (body + 4), 1, 0, 0, (byte) body, 3, 3};
        System.arraycopy(head, 0, hello, 0, head.length);
        System.arraycopy(random, 0, hello, head.length, Math.min(32, random.length));
        // no session id; suites ECDHE-RSA-AES128-GCM-SHA256 and ECDHE-ECDSA-AES128-GCM-SHA256; no compression
        byte[] tail = {0, 0, 4, (byte) 0xC0, 0x2F, (byte) 0xC0, 0x2B, 1, 0};
        System.arraycopy(tail, 0, hello, hello.length - tail.length, tail.length);
        return hello;
    }
}
