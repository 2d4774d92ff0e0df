package io.dume.models;

import ai.djl.ndarray.NDManager;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * The backbone of a merged model on a device, and what computes with it. Everything else that the
 * model has on the device belongs to managers below this one's.
 */
final class LoadedBackbone {

  private final ModelConfig config;
  private final NumericProfile profile;
  private final NDManager manager;
  private final Kernels kernels;
  private final ForwardPass forward;
  private final Scoring scoring;

  /** Loads the backbone and checks it against the manifest. */
  LoadedBackbone(MergedModel merged, Device device) throws IOException {
    config = merged.config();
    profile = NumericProfile.of(device);
    manager = NDManager.newBaseManager(device.toDjl(), LibTorch.ENGINE);
    kernels = new Kernels(device.toDjl());
    try {
      WeightUploader uploader = new WeightUploader(manager);
      Fingerprint read = new Fingerprint(config);
      Backbone backbone = Backbone.load(config, merged.backbone(), uploader, Optional.of(read));
      merged.verifyBackbone(read);
      forward = new ForwardPass(config, backbone, kernels, Attention.on(device), manager);
      scoring = new Scoring(forward, manager);
    } catch (IOException | RuntimeException e) {
      close();
      throw e;
    }
  }

  /** Loads an expert's MLPs, which outlive the file, and checks them against the manifest. */
  Shared<List<Mlp>> loadExpert(MergedModel merged, int expert, WeightUploader uploader)
      throws IOException {
    NDManager owner = manager.newSubManager();
    try {
      Fingerprint read = new Fingerprint();
      List<Mlp> mlps =
          Mlp.load(config, merged.expert(expert), uploader.into(owner), Optional.of(read));
      merged.verifyExpert(expert, read);
      return new Shared<>(mlps, owner::close);
    } catch (IOException | RuntimeException e) {
      owner.close();
      throw e;
    }
  }

  ModelConfig config() {
    return config;
  }

  NumericProfile profile() {
    return profile;
  }

  NDManager manager() {
    return manager;
  }

  Kernels kernels() {
    return kernels;
  }

  ForwardPass forward() {
    return forward;
  }

  Scoring scoring() {
    return scoring;
  }

  void close() {
    kernels.close();
    manager.close();
  }
}
