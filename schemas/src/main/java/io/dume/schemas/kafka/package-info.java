/**
 * Where messages travel: the topics with their settings ({@link io.dume.schemas.kafka.Topics}), the
 * way a service reaches them ({@link io.dume.schemas.kafka.KafkaSettings}), and the form in which
 * what can't be used is kept ({@link io.dume.schemas.kafka.DeadLetters}).
 */
package io.dume.schemas.kafka;
