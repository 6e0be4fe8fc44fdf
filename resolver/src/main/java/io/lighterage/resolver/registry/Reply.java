package io.lighterage.resolver.registry;

import okhttp3.Call;
import okhttp3.HttpUrl;
import okhttp3.Response;
import okio.BufferedSource;

/// An answer whose body is still to be read. Must be closed.
///
/// @param call the exchange, to be cut off when nobody wants the rest
/// @param response status, headers and body
record Reply(Call call, Response response) implements AutoCloseable {
    int code() {
        return response.code();
    }

    String header(String name) {
        String value = response.header(name);
        return value == null ? "" : value;
    }

    /// Where the answer came from, after redirects.
    HttpUrl url() {
        return response.request().url();
    }

    BufferedSource body() {
        return response.body().source();
    }

    /// Length of the body as announced, or -1.
    long length() {
        return response.body().contentLength();
    }

    /// Cuts the connection: reading the rest of a large body to reuse it would take longer than a new one.
    void abandon() {
        call.cancel();
        response.close();
    }

    /// Makes whoever reads the answer fail soon; the only thing here that another thread than the reader may do.
    void cancel() {
        call.cancel();
    }

    @Override
    public void close() {
        response.close();
    }
}
