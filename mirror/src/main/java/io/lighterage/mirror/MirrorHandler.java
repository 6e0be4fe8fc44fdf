package io.lighterage.mirror;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.Fields;
import org.eclipse.jetty.util.URIUtil;

/// The edge to the HTTP server: its request → [Call] → [Reply] → its response. Runs on virtual threads and blocks.
final class MirrorHandler extends Handler.Abstract {
    private static final System.Logger LOG = System.getLogger(MirrorHandler.class.getName());

    private final RegistryApi api;
    private final Faults faults;
    private final RequestLog log;
    private final BodyWriter bodies;

    MirrorHandler(RegistryApi api, Faults faults, RequestLog log, BodyWriter bodies) {
        this.api = api;
        this.faults = faults;
        this.log = log;
        this.bodies = bodies;
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) {
        try {
            serve(request, response);
            callback.succeeded();
        } catch (BodyWriter.CutException e) {
            request.getConnectionMetaData().getConnection().getEndPoint().close();
            callback.failed(e);
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, "the client left before the answer's end", e);
            callback.failed(e);
        } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.WARNING, "answering " + request.getMethod() + " failed", e);
            callback.failed(e);
        }
        return true;
    }

    private void serve(Request request, Response response) throws IOException {
        Call call;
        try {
            call = call(request);
        } catch (IllegalArgumentException e) {
            Reply malformed = Reply.error(ErrorCode.NAME_INVALID, "the path or query is not valid UTF-8");
            send(malformed, FaultPlan.NONE, request, response, log.add(Call.unreadable(request.getMethod()), ""));
            return;
        }
        String query = Optional.ofNullable(request.getHttpURI().getQuery()).orElse("");
        RequestLog.Entry entry = log.add(call, query);
        FaultPlan plan = faults.take(call.method(), call.path());
        Optional<Reply> programmed = before(plan, call, query);
        Reply reply = programmed.orElseGet(() -> api.answer(plan.ignoreRange() ? call.without("range") : call));
        try {
            send(reply, plan, request, response, entry);
        } finally {
            reply.discard();
        }
    }

    private Optional<Reply> before(FaultPlan plan, Call call, String query) throws IOException {
        Optional<Reply> reply = Optional.empty();
        try {
            for (Fault fault : plan.before()) {
                switch (fault) {
                    case Fault.Drop ignored -> throw new BodyWriter.CutException("dropped, as programmed");
                    case Fault.Delay delay -> faults.closed().await(delay.time().toNanos(), TimeUnit.NANOSECONDS);
                    case Fault.Hold hold -> hold.gate().await();
                    case Fault.Status status ->
                        reply = Optional.of(
                                Reply.of(status.status()).with(status.headers()).text(status.body()));
                    case Fault.Redirect redirect -> {
                        String wanted = URIUtil.encodePath(call.path()) + (query.isEmpty() ? "" : "?" + query);
                        reply = Optional.of(Reply.of(307)
                                .with(
                                        "Location",
                                        redirect.target().apply(wanted).toString()));
                    }
                    default -> throw new IllegalStateException("not a fault before the answer: " + fault);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("the server ends", e);
        }
        return reply;
    }

    private void send(Reply reply, FaultPlan plan, Request request, Response response, RequestLog.Entry entry)
            throws IOException {
        response.setStatus(reply.status());
        reply.headers().forEach(header -> response.getHeaders().add(header.name(), header.value()));
        long length = BodyWriter.lengthToTell(reply.body(), plan.body());
        boolean bodiless = reply.status() == 204 || reply.status() == 304;
        if (length >= 0 && !bodiless) {
            response.getHeaders().put(HttpHeader.CONTENT_LENGTH, length);
        }
        plan.headers().forEach(header -> response.getHeaders().put(header.name(), header.value()));
        entry.status(reply.status());
        if (bodiless || request.getMethod().equals("HEAD")) {
            response.write(true, null, Callback.NOOP);
        } else {
            bodies.write(reply.body(), plan.body(), response, entry);
        }
    }

    private static Call call(Request request) {
        Map<String, List<String>> headers = new LinkedHashMap<>();
        for (HttpField field : request.getHeaders()) {
            headers.computeIfAbsent(field.getName().toLowerCase(Locale.ROOT), ignored -> new ArrayList<>())
                    .add(Optional.ofNullable(field.getValue()).orElse(""));
        }
        Map<String, List<String>> query = new LinkedHashMap<>();
        for (Fields.Field field : Request.extractQueryParameters(request, StandardCharsets.UTF_8)) {
            query.put(field.getName(), field.getValues());
        }
        String origin = request.getHttpURI().getScheme() + "://" + authority(request);
        return new Call(
                request.getMethod(),
                URIUtil.decodePath(request.getHttpURI().getCanonicalPath()),
                query,
                headers,
                origin,
                Request.asInputStream(request));
    }

    private static String authority(Request request) {
        String authority = request.getHttpURI().getAuthority();
        return authority != null ? authority : Request.getServerName(request) + ":" + Request.getServerPort(request);
    }
}
