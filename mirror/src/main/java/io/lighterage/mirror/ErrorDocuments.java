package io.lighterage.mirror;

import java.nio.ByteBuffer;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/// Answers what never reaches an endpoint (a request that is not HTTP, a defect of ours) in the words of the
/// distribution specification, and without a word about our insides.
final class ErrorDocuments implements Request.Handler {
    @Override
    public boolean handle(Request request, Response response, Callback callback) {
        boolean ours = response.getStatus() >= 500;
        Reply reply = ours
                ? Reply.error(ErrorCode.UNKNOWN, "the registry failed; its log says more")
                : Reply.error(
                        ErrorCode.UNSUPPORTED, "the request is not understood; expected HTTP/1.1 and a plain path");
        ByteBuffer body = reply.body() instanceof Reply.Bytes bytes ? bytes.content() : ByteBuffer.allocate(0);
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, "application/json");
        response.write(true, body, callback);
        return true;
    }
}
