"""Registers the features that can be dialled, under their names."""

from __future__ import annotations

from pbx.feature.features import Features
from pbx.feature.office import Office
from pbx.feature.self_test import SelfTest
from pbx.media.tones import milliwatt
from pbx.model.kinds import FEATURE_CODE

__all__ = ["build_features"]


def build_features(office: Office) -> Features:
    """The features of a node; the codes follow the office."""
    features = Features()
    office.on_change(lambda: features.use(office.all(FEATURE_CODE)))
    self_test = SelfTest(milliwatt)
    features.register("echo", self_test.echo)
    features.register("tone", self_test.tone)
    return features
