package io.lighterage.mirror;

import io.lighterage.contentstore.ImageException;
import java.util.Optional;

/// The distribution API: path → route → may this client? → may this method? → endpoint.
final class RegistryApi {
    private final Gate gate;
    private final PullEndpoints pull;
    private final Optional<PushEndpoints> push;

    RegistryApi(Gate gate, PullEndpoints pull, Optional<PushEndpoints> push) {
        this.gate = gate;
        this.pull = pull;
        this.push = push;
    }

    Reply answer(Call call) {
        try {
            return route(call).with("Docker-Distribution-Api-Version", "registry/2.0");
        } catch (ImageException e) {
            return failure(e);
        }
    }

    private Reply route(Call call) {
        if (call.path().equals(Gate.TOKEN_PATH) && gate.issuesTokens()) {
            return gate.token(call);
        }
        Route route = Route.parse(call.path());
        Optional<Reply> denied = gate.check(call, route);
        return denied.orElseGet(() -> answer(call, route));
    }

    private Reply answer(Call call, Route route) {
        boolean reads = call.method().equals("GET") || call.isHead();
        return switch (route) {
            case Route.Root ignored -> reads ? Reply.of(200).json(Json.object()) : notAllowed(call, "GET, HEAD");
            case Route.Tags tags -> reads ? pull.tags(call, tags) : notAllowed(call, "GET, HEAD");
            case Route.Referrers referrers -> reads ? pull.referrers(call, referrers) : notAllowed(call, "GET, HEAD");
            case Route.Blobs blobs -> reads ? pull.blob(call, blobs) : notAllowed(call, "GET, HEAD");
            case Route.Manifests manifests -> reads ? pull.manifest(call, manifests) : changeManifest(call, manifests);
            case Route.Uploads uploads -> startUpload(call, uploads);
            case Route.Upload upload -> continueUpload(call, upload);
            case Route.Unknown ignored ->
                Reply.error(ErrorCode.NAME_UNKNOWN, "no such path in the distribution API; see GET /v2/");
            case Route.Malformed malformed -> Reply.error(malformed.code(), malformed.message());
        };
    }

    private Reply changeManifest(Call call, Route.Manifests route) {
        if (push.isPresent() && call.method().equals("PUT")) {
            return push.get().putManifest(call, route);
        }
        return notAllowed(call, push.isPresent() ? "GET, HEAD, PUT" : "GET, HEAD");
    }

    private Reply startUpload(Call call, Route.Uploads route) {
        if (push.isPresent() && call.method().equals("POST")) {
            return push.get().start(call, route);
        }
        return notAllowed(call, push.isPresent() ? "POST" : "");
    }

    private Reply continueUpload(Call call, Route.Upload route) {
        if (push.isEmpty()) {
            return notAllowed(call, "");
        }
        return switch (call.method()) {
            case "GET", "HEAD" -> push.get().status(route);
            case "PATCH" -> push.get().append(call, route);
            case "PUT" -> push.get().finish(call, route);
            case "DELETE" -> push.get().cancel(route);
            default -> notAllowed(call, "GET, HEAD, PATCH, PUT, DELETE");
        };
    }

    private static Reply notAllowed(Call call, String allow) {
        String message = call.method() + " is not supported here; "
                + (allow.isEmpty() ? "this mirror is read-only" : "expected one of " + allow);
        return Reply.error(ErrorCode.UNSUPPORTED, message).with("Allow", allow);
    }

    /// The one place where failures of the house become HTTP answers.
    private static Reply failure(ImageException e) {
        ErrorCode code = switch (e.kind()) {
            case NOT_FOUND -> ErrorCode.NAME_UNKNOWN;
            case INVALID, PRECONDITION, ALREADY_EXISTS -> ErrorCode.MANIFEST_INVALID;
            case CORRUPT -> ErrorCode.DIGEST_INVALID;
            case UNAUTHENTICATED -> ErrorCode.UNAUTHORIZED;
            case DENIED -> ErrorCode.DENIED;
            case RATE_LIMITED -> ErrorCode.TOOMANYREQUESTS;
            case UNSUPPORTED -> ErrorCode.UNSUPPORTED;
            case UNAVAILABLE, EXHAUSTED, CANCELLED -> ErrorCode.UNAVAILABLE;
            case INTERNAL -> ErrorCode.UNKNOWN;
        };
        return Reply.error(code, String.valueOf(e.getMessage()));
    }
}
