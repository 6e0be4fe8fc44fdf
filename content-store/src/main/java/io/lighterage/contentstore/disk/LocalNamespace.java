package io.lighterage.contentstore.disk;

import io.lighterage.contentstore.ContentStore;
import io.lighterage.contentstore.ImageRecords;
import io.lighterage.contentstore.Leases;
import io.lighterage.contentstore.Namespace;

/// One namespace of a [LocalStore].
record LocalNamespace(String name, ContentStore content, ImageRecords images, Leases leases) implements Namespace {}
