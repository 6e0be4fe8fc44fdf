package io.lighterage.mirror;

/// One request the server answered, for tests to count round trips by.
///
/// @param method such as `GET`
/// @param path decoded, without the query
/// @param query as sent, or empty
/// @param range the `Range` header, or empty
/// @param authScheme the scheme of `Authorization` as sent, or empty; never what follows it
/// @param status the answer's status, 0 while there is none
/// @param bytesSent bytes of the body handed to the network so far
public record RequestRecord(
        String method, String path, String query, String range, String authScheme, int status, long bytesSent) {}
