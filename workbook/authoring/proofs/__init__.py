"""The authors' proof that everything in the course does what it claims."""

from .claims import Claim, Finding, prove
from .exercises import Verification
from .projects import project_claims, tour_claims
from .stages import stage_claims

__all__ = [
    "Claim",
    "Finding",
    "Verification",
    "project_claims",
    "prove",
    "stage_claims",
    "tour_claims",
]
