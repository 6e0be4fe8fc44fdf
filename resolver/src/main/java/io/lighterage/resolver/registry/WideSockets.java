package io.lighterage.resolver.registry;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketAddress;
import javax.net.SocketFactory;
import org.jspecify.annotations.Nullable;

/// Sockets that ask the kernel for 128 KiB at a time.
///
/// OkHttp reads in segments of 8 KiB, and on a fast link the system call for each of them is most of the cost. The
/// extra copy is cheaper: it never leaves the processor's cache. 128 KiB is the most Java hands to one read.
final class WideSockets extends SocketFactory {
    static final int WIDTH = 128 << 10;

    private final boolean linkLocal;

    /// @param linkLocal whether addresses that [RefusedAddress] is about may be connected to
    WideSockets(boolean linkLocal) {
        this.linkLocal = linkLocal;
    }

    @Override
    public Socket createSocket() {
        return new WideSocket(linkLocal);
    }

    @Override
    public Socket createSocket(String host, int port) {
        throw unasked();
    }

    @Override
    public Socket createSocket(String host, int port, InetAddress localHost, int localPort) {
        throw unasked();
    }

    @Override
    public Socket createSocket(InetAddress host, int port) {
        throw unasked();
    }

    @Override
    public Socket createSocket(InetAddress address, int port, InetAddress localAddress, int localPort) {
        throw unasked();
    }

    private static UnsupportedOperationException unasked() {
        return new UnsupportedOperationException("only unconnected sockets are made here");
    }

    private static final class WideSocket extends Socket {
        private final boolean linkLocal;
        private volatile @Nullable WideInput input;

        WideSocket(boolean linkLocal) {
            this.linkLocal = linkLocal;
        }

        @Override
        public void connect(SocketAddress endpoint, int timeout) throws IOException {
            if (!linkLocal) {
                RefusedAddress.check(endpoint);
            }
            super.connect(endpoint, timeout);
        }

        @Override
        public synchronized InputStream getInputStream() throws IOException {
            WideInput known = input;
            if (known == null) {
                known = new WideInput(super.getInputStream());
                input = known;
            }
            return known;
        }
    }

    /// Used by one reader at a time, as a connection is.
    private static final class WideInput extends FilterInputStream {
        private final byte[] buffer = new byte[WIDTH];
        private int at;
        private int end;

        WideInput(InputStream in) {
            super(in);
        }

        @Override
        public int read() throws IOException {
            return at < end || fill() ? buffer[at++] & 0xFF : -1;
        }

        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
            if (length == 0) {
                return 0;
            }
            if (at == end && !fill()) {
                return -1;
            }
            int count = Math.min(length, end - at);
            System.arraycopy(buffer, at, target, offset, count);
            at += count;
            return count;
        }

        private boolean fill() throws IOException {
            int count = in.read(buffer, 0, buffer.length);
            at = 0;
            end = Math.max(0, count);
            return count > 0;
        }

        @Override
        public long skip(long n) throws IOException {
            int held = (int) Math.min(Math.max(0, n), end - at);
            at += held;
            return held > 0 ? held : in.skip(n);
        }

        @Override
        public int available() throws IOException {
            return end - at + in.available();
        }

        @Override
        public boolean markSupported() {
            return false;
        }
    }
}
