/** Services on a cluster that lets nobody in without a login, and nobody do what is not listed. */
package io.dume.e2e.security;
