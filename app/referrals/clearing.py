"""What a second officer's clearance does: every act that the house may hold, by the feature that does it."""

from collections.abc import Mapping

from app.access.clearances.models import Act
from app.access.clearances.service import Executor
from app.needs import held

EXECUTORS: Mapping[Act, Executor] = {**held.EXECUTORS}
